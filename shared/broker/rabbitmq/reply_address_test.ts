import assert from "node:assert/strict";
import { isDirectReply, isWellFormedDirectReply } from "./reply_address.ts";

const prefix = "amq.rabbitmq.reply-to.";
const process = "g1h2AA5yZXBseUA4MDI1NjU5NgAAAsYAAAAAawLxsg==";
const key = "rnfTwvEyZV68VhKpnvpvzw==";

Deno.test("a direct reply-to address as a server gives it out is well-formed", () => {
  assert.ok(isDirectReply(`${prefix}${process}.${key}`));
  assert.ok(isWellFormedDirectReply(`${prefix}${process}.${key}`));
});

const malformed: Record<string, string> = {
  "nothing after the prefix": prefix,
  "no key": `${prefix}${process}`,
  "an empty key": `${prefix}${process}.`,
  "three parts": `${prefix}${process}.${key}.x`,
  "a process that is not base64": `${prefix}!!!.${key}`,
  "a process without its padding": `${prefix}${process.replaceAll("=", "")}.${key}`,
  "another term than a process": `${prefix}${btoa("\x83a\x01")}.${key}`,
  "a process with a byte too many": `${prefix}${btoa(atob(process) + "\0")}.${key}`,
  "a process cut short": `${prefix}${btoa(atob(process).slice(0, -3))}.${key}`,
};
for (const [name, address] of Object.entries(malformed)) {
  Deno.test(`a direct reply-to address is malformed: ${name}`, () => {
    assert.ok(isDirectReply(address));
    assert.ok(!isWellFormedDirectReply(address));
  });
}

Deno.test("an ordinary queue is no direct reply-to address", () => {
  assert.ok(!isDirectReply("reply_1"));
  assert.ok(!isDirectReply("amq.rabbitmq.reply-to"));
});
