import assert from "node:assert/strict";
import { join } from "node:path";
import { BrokerUrlError } from "../errors.ts";
import { databasePath } from "./location.ts";

const here = Deno.cwd();

for (
  const [url, path] of [
    ["sqlite:proxymq.db", join(here, "proxymq.db")],
    ["sqlite:./a/../proxymq.db", join(here, "proxymq.db")],
    ["sqlite:/var/lib/proxymq.db", "/var/lib/proxymq.db"],
    ["sqlite:///var/lib/proxymq.db", "/var/lib/proxymq.db"],
    ["sqlite:with space%20.db", join(here, "with space%20.db")],
  ] as const
) {
  Deno.test(`${url} is ${path === join(here, "proxymq.db") ? "in the working directory" : path}`, () => {
    assert.equal(databasePath(url), path);
  });
}

for (
  const url of ["sqlite:", "sqlite::memory:", "sqlite://host/x.db", "sqlite:folder/", "sqlite:a\0"]
) {
  Deno.test(`${JSON.stringify(url)} names no database file`, () => {
    assert.throws(() => databasePath(url), BrokerUrlError);
  });
}
