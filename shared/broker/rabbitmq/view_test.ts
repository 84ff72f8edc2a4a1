import assert from "node:assert/strict";
import fc from "fast-check";
import { AMQPView } from "@cloudamqp/amqp-client/amqp-view";
import { RecurringView } from "./view.ts";

Deno.test("texts are read as the library reads them, whatever was read before", () => {
  const text = fc.oneof(
    fc.constantFrom("", "content-type", "content-typf", "ä", "a".repeat(32), "a".repeat(33)),
    fc.string({ unit: "binary", maxLength: 40 }),
  );
  const bytes = new Uint8Array(1_024);
  fc.assert(
    fc.property(text, fc.nat(9), (text, offset) => {
      const library = new AMQPView(bytes.buffer, offset);
      const view = new RecurringView(bytes.buffer, offset);
      library.setShortString(3, text);
      assert.deepEqual(view.getShortString(3), library.getShortString(3));
      library.setLongString(3, text);
      assert.deepEqual(view.getLongString(3), library.getLongString(3));
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("a text that ends beyond its frame is refused", () => {
  const view = new RecurringView(new Uint8Array([200, 1, 2]).buffer);
  assert.throws(() => view.getShortString(0), RangeError);
  assert.throws(
    () => new RecurringView(new Uint8Array([9, 1]).buffer).getShortString(0),
    RangeError,
  );
});
