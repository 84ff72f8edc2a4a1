/** A git repository, as a release needs it. */
export interface Repository {
  readonly folder: string;
  git(...args: string[]): Promise<string>;
}

/** The repository in a folder. A command that fails is an error with what git said. */
export function openRepository(folder: string): Repository {
  return {
    folder,
    async git(...args) {
      const { code, stdout, stderr } = await new Deno.Command("git", { args, cwd: folder })
        .output();
      const text = new TextDecoder();
      if (code === 0) return text.decode(stdout).trim();
      throw new Error(`git ${args[0]}: ${text.decode(stderr).trim()}`);
    },
  };
}

/**
 * Whether a release can be made of what is there.
 * @throws {Error} something is not committed, another branch is checked out, or the tag exists.
 */
export async function checkRepository({ git }: Repository, tag: string): Promise<void> {
  const changed = await git("status", "--porcelain");
  if (changed !== "") throw new Error(`something is not committed:\n${changed}`);
  const branch = await git("branch", "--show-current");
  if (branch !== "main") {
    throw new Error(`the branch is ${branch || "none"}; releases are made of main`);
  }
  if (await git("tag", "--list", tag) !== "") throw new Error(`the tag ${tag} exists already`);
}
