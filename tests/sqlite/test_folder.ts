import { join } from "node:path";

/** A folder for one test, removed with all that is in it. */
export class TestFolder implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "proxymq_test_" });

  file(name = "broker.db"): string {
    return join(this.path, name);
  }

  url(name?: string): string {
    return `sqlite:${this.file(name)}`;
  }

  /** What is in it. */
  names(): string[] {
    return [...Deno.readDirSync(this.path)].map(({ name }) => name).sort();
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}
