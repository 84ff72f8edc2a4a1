/** How a version is raised. */
export const steps = ["patch", "minor", "major"] as const;

const form = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/;

/**
 * The version that follows another: by a step, or the one that is named.
 * @throws {Error} it is neither, or not above the one that there is.
 */
export function nextVersion(current: string, wanted: string): string {
  const now = numbers(current);
  if (!now) throw new Error(`the version is ${current}, which is none of the form 1.2.3`);
  const [major, minor, patch] = now;
  if (wanted === "major") return `${major + 1}.0.0`;
  if (wanted === "minor") return `${major}.${minor + 1}.0`;
  if (wanted === "patch") return `${major}.${minor}.${patch + 1}`;
  const named = numbers(wanted);
  if (!named) {
    throw new Error(
      `${JSON.stringify(wanted)} is not allowed: ${steps.join(", ")}, or a version as 1.2.3`,
    );
  }
  const difference = named.map((number, i) => number - (now[i] ?? 0)).find((one) => one !== 0) ?? 0;
  if (difference <= 0) throw new Error(`${wanted} does not come after ${current}`);
  return wanted;
}

function numbers(version: string): [number, number, number] | undefined {
  const [, major, minor, patch] = form.exec(version) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor), Number(patch)];
}
