/** What processes have used, by the account of the operating system: Linux' `/proc`. */

/** Linux counts in hundredths of a second. */
const ticksPerSecond = 100;

/** Seconds of CPU that processes have used so far, all their threads; NaN where that is not told. */
export function cpuSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + ticks(read(pid, "stat")) / ticksPerSecond, 0);
}

/** Resident memory of a process, bytes; NaN where that is not told. */
export function residentBytes(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(read(pid, "status")) ?? [];
  return Number(kilobytes) * 1024;
}

/** The user and system time in a `/proc/PID/stat`. The command in it may contain anything. */
export function ticks(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

function read(pid: number, file: string): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/${file}`);
  } catch {
    return "";
  }
}
