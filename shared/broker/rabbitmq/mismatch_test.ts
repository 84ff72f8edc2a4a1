import assert from "node:assert/strict";
import { mismatch } from "./mismatch.ts";

const said = "channel 6 closed: PRECONDITION_FAILED - ";
for (
  const [text, sentence] of [
    [
      "inequivalent arg 'x-queue-type' for queue 'a_requests' in vhost '/': received 'quorum' but current is 'classic' (406)",
      'the queue "a_requests" exists with x-queue-type "classic", but is wanted with "quorum": ' +
      "drain and delete it, or set RABBITMQ_QUEUE_TYPE=classic",
    ],
    [
      "inequivalent arg 'x-dead-letter-routing-key' for queue 'q' in vhost 'v': received the value 'q_dlq' of type 'longstr' but current is none (406)",
      'the queue "q" exists with x-dead-letter-routing-key unset, but is wanted with "q_dlq": ' +
      "drain and delete it, so that it is declared anew",
    ],
    [
      "inequivalent arg 'x-message-ttl' for queue 'q' in vhost 'v': received none but current is the value '5' of type 'signedint' (406)",
      'the queue "q" exists with x-message-ttl "5", but is wanted with unset: ' +
      "drain and delete it, so that it is declared anew",
    ],
    [
      "inequivalent arg 'x-max-priority' for queue 'q' in vhost 'v': received the value '9' of type 'signedint' but current is none (406)",
      'the queue "q" exists with x-max-priority unset, but is wanted with "9": ' +
      "drain and delete it, or set RABBITMQ_QUEUE_TYPE=classic",
    ],
    [
      "inequivalent arg 'x-max-priority' for queue 'q' in vhost 'v': received none but current is the value '9' of type 'signedint' (406)",
      'the queue "q" exists with x-max-priority "9", but is wanted with unset: ' +
      "drain and delete it, or set RABBITMQ_QUEUE_TYPE=classic-priority",
    ],
    [
      "inequivalent arg 'x-max-priority' for queue 'q' in vhost 'v': received the value '9' of type 'signedint' but current is the value '5' of type 'signedint' (406)",
      'the queue "q" exists with x-max-priority "5", but is wanted with "9": ' +
      "drain and delete it, so that it is declared anew",
    ],
    [
      "inequivalent arg 'type' for exchange 'proxymq_topics' in vhost '/': received 'topic' but current is 'direct' (406)",
      'the exchange "proxymq_topics" exists with type "direct", but is wanted with "topic": ' +
      "delete it, so that it is declared anew",
    ],
    [
      "something that was cut (406)",
      'the queue "a_requests" cannot be declared, RabbitMQ says: PRECONDITION_FAILED - something that was cut; ' +
      "drain and delete it, or use another name",
    ],
  ] as const
) {
  Deno.test(`a mismatch in one sentence: ${sentence.slice(0, 60)}`, () => {
    assert.equal(mismatch(new Error(said + text), 406, "a_requests")?.message, sentence);
  });
}

Deno.test("a mismatch: a queue that is another's alone", () => {
  assert.match(mismatch(new Error("x"), 405, "reply_1")?.message ?? "", /another connection/);
});

Deno.test("another refusal is no mismatch", () => {
  assert.equal(mismatch(new Error("channel 1 closed: ACCESS_REFUSED (403)"), 403, "q"), undefined);
});
