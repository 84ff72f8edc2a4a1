import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { findCommand, run } from "./process.ts";
import type { Context } from "./service.ts";

/** The version that the tests run against. */
export const kafkaVersion = "4.3.1";
const oldestJava = 17;
const downloadMs = 300_000;

/** Why Kafka's published jars cannot be run here, or undefined if they can. */
export async function jarsMissing(): Promise<string | undefined> {
  if (!findCommand("mvn")) return "there is no mvn to fetch its jars";
  const { ok, stdout, stderr } = await run("java", ["-version"], { timeoutMs: 10_000 });
  if (!ok) return "there is no java";
  const version = Number(/version "(\d+)/.exec(stderr + stdout)?.[1] ?? 0);
  return version >= oldestJava ? undefined : `java is ${version}, older than ${oldestJava}`;
}

/**
 * The class path of Kafka's jars, in Maven's own repository, fetched into it if need be.
 * @throws {Error} Maven cannot fetch them.
 */
export async function kafkaClassPath({ dir, signal, log }: Context): Promise<string> {
  const file = join(dir, "classpath");
  const known = await Deno.readTextFile(file).catch(() => "");
  if (known !== "" && known.split(delimiter).every((jar) => existsSync(jar))) return known;
  const pom = join(dir, "pom.xml");
  await Deno.writeTextFile(pom, pomOf(kafkaVersion));
  log(`fetching the jars of Kafka ${kafkaVersion} with mvn, unless they are there`);
  const fetched = await run("mvn", [
    ...["--batch-mode", "--quiet", "--file", pom],
    ...["dependency:build-classpath", "-Dmdep.includeScope=runtime", `-Dmdep.outputFile=${file}`],
  ], { timeoutMs: downloadMs, signal });
  if (!fetched.ok) {
    throw new Error(`mvn: ${(fetched.stderr || fetched.stdout).trim().slice(-500)}`);
  }
  return await Deno.readTextFile(file);
}

function pomOf(version: string): string {
  const artifact = (group: string, name: string, version: string) =>
    `<groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version>`;
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  ${artifact("proxymq", "kafka-for-tests", "1")}
  <dependencies>
    <dependency>${artifact("org.apache.kafka", "kafka_2.13", version)}</dependency>
  </dependencies>
</project>
`;
}
