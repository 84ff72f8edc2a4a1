import assert from "node:assert/strict";
import type { Message, MessageHeaders } from "../../shared/broker/broker.ts";
import { decodeCallback, encodeCallback } from "../../shared/message/callback.ts";
import { decodeCancel, encodeCancel } from "../../shared/message/cancel.ts";
import { decodeCredit, encodeCredit } from "../../shared/message/credit.ts";
import {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
} from "../../shared/message/envelope.ts";
import { decodeEntry, encodeEntry } from "../../shared/results/log/entry.ts";
import { decodeFrame, encodeFrame } from "../../shared/message/frame.ts";
import { decodePiece, encodePiece } from "../../shared/message/piece.ts";
import { decodeSpoolNote, encodeSpoolNote } from "../../shared/message/spool_note.ts";
import { type Example, example } from "./examples.ts";

/** The message that an example shows. */
function toMessage({ properties, headers, body }: Example): Message {
  return {
    body: new TextEncoder().encode(body),
    headers: headers as MessageHeaders,
    type: String(properties["type"]),
    correlationId: String(properties["correlation_id"]),
    contentType: String(properties["content_type"]),
  };
}

/** A message's properties, as an example shows them. */
function propertiesOf(message: Message): Example["properties"] {
  const { timestamp, expiration } = message;
  const properties = {
    type: message.type,
    message_id: message.messageId,
    correlation_id: message.correlationId,
    reply_to: message.replyTo,
    content_type: message.contentType,
    timestamp: timestamp === undefined ? undefined : timestamp / 1000,
    expiration: expiration === undefined ? undefined : String(expiration),
    delivery_mode: message.durable === false ? 1 : 2,
  };
  return JSON.parse(JSON.stringify(properties));
}

Deno.test("the documented request is what the enqueuer publishes, and what the dequeuer reads", async () => {
  const shown = await example("request");
  const { properties, headers } = shown;
  const request = decodeRequest({
    ...toMessage(shown),
    replyTo: String(properties["reply_to"]),
  });
  assert.equal(request.method, "POST");
  assert.equal(request.path, "/fetch?fresh=1");
  assert.deepEqual(request.headers["x-tag"], ["a", "b"]);
  const acceptedAt = Number(properties["timestamp"]) * 1000;
  const message = encodeRequest(request, acceptedAt);
  assert.deepEqual(message.headers, headers);
  assert.deepEqual(propertiesOf(message), properties);
  assert.equal(new TextDecoder().decode(message.body), shown.body);
});

Deno.test("the documented event is what the enqueuer publishes, and what the dequeuer reads", async () => {
  const shown = await example("event");
  const event = decodeRequest(toMessage(shown));
  assert.equal(event.topic, "order.paid");
  const message = encodeRequest(event, Number(shown.properties["timestamp"]) * 1000);
  assert.deepEqual(message.headers, shown.headers);
  assert.deepEqual(propertiesOf(message), shown.properties);
});

Deno.test("the documented response is what the dequeuer publishes, and what the enqueuer reads", async () => {
  const shown = await example("response");
  const { properties, headers } = shown;
  const response = decodeResponse(toMessage(shown));
  assert.equal(response.status, 200);
  const message = encodeResponse(response, String(properties["correlation_id"]), false);
  assert.deepEqual(message.headers, headers);
  assert.deepEqual(propertiesOf(message), properties);
});

for (const name of ["frame", "last-frame"] as const) {
  Deno.test(`the documented ${name} is what the dequeuer publishes, and what the enqueuer reads`, async () => {
    const shown = await example(name);
    const { properties, headers } = shown;
    const { contentType, ...rest } = toMessage(shown);
    const frame = decodeFrame({
      ...rest,
      ...("content_type" in properties ? { contentType: String(contentType) } : {}),
      replyTo: String(properties["reply_to"]),
    });
    assert.equal(frame.head?.status, name === "frame" ? 200 : undefined);
    assert.equal(frame.last, name === "last-frame");
    const message = encodeFrame(frame);
    assert.deepEqual(message.headers, headers);
    assert.deepEqual(propertiesOf(message), properties);
    assert.equal(new TextDecoder().decode(message.body), shown.body);
  });
}

Deno.test("the documented credit is what the enqueuer publishes, and what the dequeuer reads", async () => {
  const shown = await example("credit");
  const { properties, headers } = shown;
  const credit = decodeCredit(toMessage(shown));
  assert.equal(credit.bytes, 1_310_720);
  const message = encodeCredit(credit);
  assert.deepEqual(message.headers, headers);
  assert.deepEqual(propertiesOf(message), properties);
  assert.equal(new TextDecoder().decode(message.body), shown.body);
});

Deno.test("the documented cancel is what the enqueuer publishes, and what the dequeuer reads", async () => {
  const shown = await example("cancel");
  const { properties, headers } = shown;
  const cancel = decodeCancel(toMessage(shown));
  assert.equal(cancel.reason, "disconnect");
  const message = encodeCancel(cancel);
  assert.deepEqual(message.headers, headers);
  assert.deepEqual(propertiesOf(message), properties);
  assert.equal(new TextDecoder().decode(message.body), shown.body);
});

Deno.test("the documented callback is what the dequeuer publishes, and what the enqueuer reads", async () => {
  const shown = await example("callback");
  const { properties, headers } = shown;
  const callback = decodeCallback(toMessage(shown));
  assert.equal(callback.state, "succeeded");
  assert.equal(callback.response?.status, 200);
  const message = encodeCallback(callback);
  assert.deepEqual(message.headers, headers);
  assert.deepEqual(propertiesOf(message), properties);
  assert.equal(new TextDecoder().decode(message.body), shown.body);
});

Deno.test("the documented status is what a dequeuer writes, and what an enqueuer reads", async () => {
  const shown = await example("status");
  const { properties, headers } = shown;
  const entry = decodeEntry(toMessage(shown));
  assert.equal(entry.state, "succeeded");
  assert.equal(entry.response?.headers["content-type"], "application/json");
  const message = encodeEntry(entry);
  assert.deepEqual(message.headers, headers);
  assert.deepEqual(propertiesOf(message), properties);
  assert.equal(new TextDecoder().decode(message.body), shown.body);
});

Deno.test("the documented piece is what is written to a spool, and what is read from it", async () => {
  const shown = await example("piece");
  const { properties, headers } = shown;
  const piece = decodePiece(toMessage(shown));
  assert.equal(piece.at, 6);
  assert.equal(piece.last, true);
  const message = encodePiece(String(properties["correlation_id"]), piece);
  assert.deepEqual(message.headers, headers);
  assert.deepEqual(propertiesOf(message), properties);
  assert.equal(new TextDecoder().decode(message.body), shown.body);
});

Deno.test("the documented note is what is published before a spool is made", async () => {
  const shown = await example("note");
  const { properties, headers } = shown;
  const note = decodeSpoolNote(toMessage(shown));
  assert.equal(note.body, "request");
  const message = encodeSpoolNote(note);
  assert.deepEqual(message.headers, headers);
  assert.deepEqual(propertiesOf(message), properties);
  assert.equal(new TextDecoder().decode(message.body), shown.body);
});

Deno.test("a request whose body is in a spool says so, and is refused by who does not know of spools", () => {
  const spooled = { spool: "a_request", size: 2 ** 33 };
  const nothing = new Uint8Array(0);
  const request = { id: "a", method: "PUT", path: "/", headers: {}, body: nothing, spooled };
  const message = encodeRequest(request, 0);
  assert.deepEqual(
    { ...message.headers, headers: undefined },
    { "proxymq-version": 2, method: "PUT", path: "/", headers: undefined, ...spooled },
  );
  assert.deepEqual(decodeRequest(message).spooled, spooled);
  const { spool: _, ...others } = message.headers;
  assert.throws(
    () => decodeRequest({ ...message, headers: others }),
    /"proxymq-version" is 2, not 1/,
  );
  for (const wrong of [{ spool: "../a" }, { spool: 1 }, { size: "1" }, { size: -1 }]) {
    const headers = { ...message.headers, ...wrong };
    assert.throws(() => decodeRequest({ ...message, headers }), /the header "(spool|size)" is not/);
  }
});
