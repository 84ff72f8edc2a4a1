import { join, relative } from "node:path";
import config from "../../deno.json" with { type: "json" };

/** The platforms that Deno has a base for. */
export const targets = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
] as const;

/** A platform, as Deno names it. */
export type Target = (typeof targets)[number];

/** The programs: the module of each, and its set of permissions in deno.json. */
export const programs: Readonly<Record<string, { module: string; permissions: string }>> = {
  "proxymq-enqueuer": { module: "cli/bin/proxymq_enqueuer.ts", permissions: "enqueuer" },
  "proxymq-dequeuer": { module: "cli/bin/proxymq_dequeuer.ts", permissions: "dequeuer" },
  proxymq: { module: "cli/bin/proxymq.ts", permissions: "proxymq" },
};

/** What the tasks give to V8. */
const v8Flags = config.tasks.enqueuer.command.split(" ").filter((word) =>
  word.startsWith("--v8-flags=")
);

const project = join(import.meta.dirname ?? ".", "..", "..");

/**
 * What `deno compile` is called with. It bundles: so the npm packages are in the program as far as
 * they are used, and texts that are imported are in it too. (Without, Deno 2.9 overflows its stack
 * here: denoland/deno#36746.)
 */
export function compileArguments(name: string, output: string, target?: Target): string[] {
  const { module, permissions } = programs[name] ?? { module: "", permissions: "" };
  return [
    "compile",
    "--quiet",
    "--frozen",
    "--bundle",
    // It would check the bundle, which has lost its types' files.
    "--no-check",
    `--permission-set=${permissions}`,
    ...v8Flags,
    "--no-prompt",
    ...target === undefined ? [] : ["--target", target],
    "--output",
    output,
    module,
  ];
}

/**
 * Makes a program.
 * @returns where it is, from the project's folder.
 * @throws {Error} with what Deno said.
 */
export async function compile(
  name: string,
  target: Target | undefined,
  signal: AbortSignal,
): Promise<{ readonly path: string; readonly bytes: number }> {
  const folder = join(project, "dist", target ?? "");
  await Deno.mkdir(folder, { recursive: true });
  const windows = target === undefined ? Deno.build.os === "windows" : target.includes("windows");
  const output = join(folder, windows ? `${name}.exe` : name);
  for (
    const args of [
      ["check", "--quiet", "--frozen", programs[name]?.module ?? ""],
      compileArguments(name, output, target),
    ]
  ) {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args,
      cwd: project,
      stdin: "null",
      stdout: "null",
      signal,
    }).output();
    if (code !== 0) throw new Error(`${name} was not made:\n${new TextDecoder().decode(stderr)}`);
  }
  return { path: relative(project, output), bytes: (await Deno.stat(output)).size };
}
