import { dirname, join } from "node:path";

/** Copies a file, or a folder's files of whose names `wanted` says so. */
export async function copy(
  from: string,
  to: string,
  wanted: (name: string) => boolean,
): Promise<void> {
  if ((await Deno.stat(from)).isFile) {
    await Deno.mkdir(dirname(to), { recursive: true });
    return await Deno.copyFile(from, to);
  }
  for await (const { name } of Deno.readDir(from)) {
    if (wanted(name)) await copy(join(from, name), join(to, name), wanted);
  }
}

/** The files below a folder, whole paths. */
export async function filesBelow(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) files.push(...await filesBelow(path));
    else files.push(path);
  }
  return files.sort();
}

/** Runs a command to its end. @throws {Error} with what it printed, if it failed. */
export async function run(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    ...options,
    stdin: "null",
  }).output();
  const text = new TextDecoder();
  const printed = text.decode(stdout);
  if (code === 0) return printed;
  throw new Error(
    `${command} ${args.join(" ")} ended with ${code}:\n${printed}${text.decode(stderr)}`,
  );
}
