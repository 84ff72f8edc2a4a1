/** Prints what CHANGELOG.md says of a version, e.g. `deno run -R notes.ts v1.2.3`. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { notesOf } from "./changelog.ts";

if (import.meta.main) {
  const [tag = ""] = Deno.args;
  const changelog = readFileSync(join(import.meta.dirname ?? ".", "../../CHANGELOG.md"), "utf8");
  const notes = notesOf(changelog, tag.replace(/^v/, ""));
  if (notes === "") {
    console.error(`CHANGELOG.md says nothing of ${JSON.stringify(tag)}`);
    Deno.exit(1);
  }
  console.log(notes);
}
