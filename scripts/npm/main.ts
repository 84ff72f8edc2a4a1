/**
 * `deno task npm`: makes the npm package.
 *
 * @module
 */
import { join, relative } from "node:path";
import { buildPackage } from "./build.ts";
import { facts } from "./facts.ts";

const help = `deno task npm

Makes npm/${facts.name}-${facts.version}.tgz, the package for Node ${facts.engines.node}: the library, its
declarations, and the commands. Install it with npm i ./npm/*.tgz
`;

if (Deno.args.length > 0) {
  const asked = Deno.args[0] === "--help" || Deno.args[0] === "-h";
  if (asked) console.log(help);
  else console.error(`npm: there is no argument ${JSON.stringify(Deno.args[0])}; see --help`);
  Deno.exit(asked ? 0 : 2);
}
const project = join(import.meta.dirname ?? ".", "..", "..");
const tarball = await buildPackage(join(project, "npm"));
const { size } = await Deno.stat(tarball);
console.log(`${relative(project, tarball)}, ${Math.round(size / 1024)} KiB`);
