import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { Doorbell } from "./doorbell.ts";
import { TestFolder } from "../../../tests/sqlite/test_folder.ts";

class Listener {
  readonly bell: Doorbell;
  #rung = Promise.withResolvers<void>();

  constructor(folder: string, client: number) {
    this.bell = new Doorbell(folder, () => this.#rung.resolve());
    this.bell.listen(client);
  }

  async rung(): Promise<void> {
    const late = AbortSignal.timeout(5_000);
    const { promise, reject } = Promise.withResolvers<never>();
    const fail = () => reject(new Error("not rung"));
    late.addEventListener("abort", fail);
    await Promise.race([this.#rung.promise, promise]);
    late.removeEventListener("abort", fail);
    this.#rung = Promise.withResolvers();
  }
}

Deno.test("rings the one that it is to ring, again and again, also under a new id", async () => {
  using folder = new TestFolder();
  const path = folder.file("wake");
  const [a, b] = [new Listener(path, 1), new Listener(path, 2)];
  for (let n = 0; n < 3; n++) {
    a.bell.ring(2);
    await b.rung();
    b.bell.ring(1);
    await a.rung();
  }
  b.bell.listen(3);
  a.bell.ring(3);
  await b.rung();
  a.bell.close();
  b.bell.close();
  assert.equal(existsSync(path), false);
});

Deno.test("ringing one that is not there does nothing", () => {
  using folder = new TestFolder();
  const bell = new Doorbell(folder.file("wake"), () => {});
  bell.ring(5);
  bell.close();
  assert.deepEqual(folder.names(), []);
});

Deno.test("sweeping removes what the dead left, and only that", () => {
  using folder = new TestFolder();
  const path = folder.file("wake");
  const { bell } = new Listener(path, 1);
  for (const name of ["2", "2.lock", "3", "3.lock", "theirs"]) {
    Deno.writeTextFileSync(`${path}/${name}`, "");
  }
  bell.sweep(new Set([1, 3]));
  const names = [...Deno.readDirSync(path)].map(({ name }) => name).sort();
  assert.deepEqual(names, ["1", "3", "3.lock", "theirs"]);
  bell.close();
});

Deno.test("knows that its file is gone", () => {
  using folder = new TestFolder();
  const path = folder.file("wake");
  const { bell } = new Listener(path, 1);
  assert.equal(bell.intact, true);
  Deno.removeSync(path, { recursive: true });
  assert.equal(bell.intact, false);
  bell.listen(1);
  assert.equal(bell.intact, true);
  bell.close();
});

Deno.test("is deaf where it cannot make its folder", () => {
  using folder = new TestFolder();
  Deno.writeTextFileSync(folder.file("wake"), "a file");
  const { bell } = new Listener(folder.file("wake"), 1);
  assert.equal(bell.listening, false);
  bell.close();
});
