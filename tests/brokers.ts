/** The brokers that the tests run against, each with what a test needs of it. */

import { join } from "node:path";
import type {
  Broker,
  BrokerStatus,
  ReplyQueueSpec,
  WorkQueueSpec,
} from "../shared/broker/broker.ts";
import { openBroker } from "../shared/broker/open.ts";
import { spoolQueue } from "../shared/broker/rabbitmq/spools.ts";
import { deadLetterQueue, requestQueue } from "../shared/service_name.ts";
import { deleteTopics, kafkaFaults } from "./support/kafka_faults.ts";
import { deleteQueues, type Faults, rabbitmqFaults } from "./support/rabbitmq_faults.ts";
import { deleteRedisQueues, redisFaults } from "./support/redis_faults.ts";
import { eventually, runId, uniqueName } from "./support/waiting.ts";

export type { Faults } from "./support/rabbitmq_faults.ts";
export { eventually, take, uniqueName, within } from "./support/waiting.ts";

/** A broker that tests run against. */
export interface BrokerUnderTest {
  /** For the name of a test, e.g. `rabbitmq classic`. */
  readonly name: string;
  readonly system: string;
  /** Why it cannot be had here, if it cannot. */
  readonly missing?: string;
  /** A broker for one test, which disposes of it. */
  setUp(): Promise<TestBroker>;
}

/** A broker for one test. Disposing of it closes its handles and deletes its queues. */
export interface TestBroker extends AsyncDisposable {
  readonly url: string;
  /** What the broker can be made to suffer; embedded ones suffer nothing. */
  readonly faults?: Faults;
  /** Opens a handle; all handles are on the same broker. */
  open(options?: HandleOptions): Promise<Broker>;
  /** A work queue of a new name, not declared yet. */
  workQueue(options?: { readonly topics?: readonly string[] }): WorkQueueSpec;
  /** A reply queue of a new name, not declared yet. */
  replyQueue(options?: { readonly broadcasts?: readonly string[] }): ReplyQueueSpec;
  /** A service of a new name, whose queues are not declared yet. */
  service(): string;
  /** Takes the queues of a service whose name is fixed: they are deleted in the end. */
  own(service: string): void;
  /** The id of a spool that is not made yet; it is deleted in the end. */
  spool(): string;
}

/** How {@link TestBroker.open} opens a handle. */
export interface HandleOptions {
  readonly name?: string;
  /** Whether to wait until it is connected. @default true */
  readonly wait?: boolean;
  readonly onStatus?: (status: BrokerStatus) => void;
}

/** Where a broker is, and how it is tidied. */
interface Place {
  readonly url: string;
  /** Other URLs of the same broker; the handles take turns. */
  readonly aliases?: readonly string[];
  readonly faults?: Faults;
  tidy(queues: readonly string[]): Promise<void>;
}

const memory: BrokerUnderTest = {
  name: "memory",
  system: "memory",
  setUp: () =>
    setUp(() => Promise.resolve({ url: `memory:${uniqueName("test")}`, tidy: async () => {} })),
};

const sqlite: BrokerUnderTest = {
  name: "sqlite",
  system: "sqlite",
  setUp: () =>
    setUp(async () => {
      const folder = await Deno.makeTempDir({ prefix: "proxymq_test_" });
      return {
        url: `sqlite:${join(folder, "broker.db")}`,
        tidy: () => Deno.remove(folder, { recursive: true }),
      };
    }),
};

/**
 * SQLite with each handle by a path of its own. Handles on one path share their process's place at
 * the database; these have nothing but the file in common, as if they were in several processes.
 */
const sqliteApart: BrokerUnderTest = {
  name: "sqlite apart",
  system: "sqlite",
  setUp: () =>
    setUp(async () => {
      const folder = await Deno.makeTempDir({ prefix: "proxymq_test_" });
      const names = ["one", "two", "three"];
      for (const name of names) await Deno.symlink(folder, join(folder, name));
      const [url = "", ...aliases] = names.map((name) =>
        `sqlite:${join(folder, name, "broker.db")}`
      );
      return { url, aliases, tidy: () => Deno.remove(folder, { recursive: true }) };
    }),
};

const rabbitmqUrl = Deno.env.get("TEST_RABBITMQ_URL");

function rabbitmq(queueType: "quorum" | "classic" | "classic-priority"): BrokerUnderTest {
  return {
    name: `rabbitmq ${queueType}`,
    system: "rabbitmq",
    ...(rabbitmqUrl ? {} : {
      missing: Deno.env.get("TEST_RABBITMQ_MISSING") ?? "TEST_RABBITMQ_URL is not set",
    }),
    setUp: () =>
      setUp(async () => {
        const url = new URL(rabbitmqUrl ?? "");
        url.searchParams.set("queueType", queueType);
        return {
          url: url.href,
          faults: await rabbitmqFaults(rabbitmqUrl ?? ""),
          tidy: (queues) => deleteQueues(rabbitmqUrl ?? "", queues),
        };
      }),
  };
}

const redisUrl = Deno.env.get("TEST_REDIS_URL");

const redis: BrokerUnderTest = {
  name: "redis",
  system: "redis",
  ...(redisUrl ? {} : {
    missing: Deno.env.get("TEST_REDIS_MISSING") ?? "TEST_REDIS_URL is not set",
  }),
  setUp: () =>
    setUp(async () => ({
      url: redisUrl ?? "",
      faults: await redisFaults(redisUrl ?? ""),
      tidy: (queues) => deleteRedisQueues(redisUrl ?? "", queues),
    })),
};

/** RabbitMQ with queues that are declared with priorities. */
export const rabbitmqWithPriorities: BrokerUnderTest = rabbitmq("classic-priority");

const kafkaUrl = Deno.env.get("TEST_KAFKA_URL");

/** Whether all tests run over Kafka; else those do that show what is its own, for it is slow. */
const allOfKafka = Deno.env.get("TEST_KAFKA_E2E") === "all";
/** The end-to-end tests that run over Kafka each time. */
const kafkaEndToEnd = [
  "cancel_test.ts",
  "dead_letters_test.ts",
  "events_test.ts",
  "proxying_test.ts",
  "retry_test.ts",
  "spooled_requests_test.ts",
];

function kafkaMissing(): string | undefined {
  if (!kafkaUrl) return Deno.env.get("TEST_KAFKA_MISSING") || "TEST_KAFKA_URL is not set";
  const [, file = ""] = /\/tests\/e2e\/([^/]+)$/.exec(Deno.mainModule) ?? [];
  if (file === "" || kafkaEndToEnd.includes(file)) return undefined;
  return allOfKafka ? undefined : "only with TEST_KAFKA_E2E=all";
}

const kafkaIsMissing = kafkaMissing();

/** A restart takes it a quarter of a minute: the conformance suite's is enough each time. */
async function kafkaFaultsHere(): Promise<Faults> {
  const { restart, ...faults } = await kafkaFaults(kafkaUrl ?? "");
  const restarts = allOfKafka || !/\/tests\/(results|spools)\//.test(Deno.mainModule);
  const reasons = { ...faults.reasons, restart: "only with TEST_KAFKA_E2E=all" };
  return restart && restarts ? { ...faults, restart } : restart ? { ...faults, reasons } : faults;
}

const kafka: BrokerUnderTest = {
  name: "kafka",
  system: "kafka",
  ...(kafkaIsMissing === undefined ? {} : { missing: kafkaIsMissing }),
  setUp: () =>
    setUp(async () => ({
      url: kafkaUrl ?? "",
      faults: await kafkaFaultsHere(),
      // What is delayed for a queue comes to the next one of its name.
      tidy: (queues) =>
        deleteTopics(kafkaUrl ?? "", [
          ...queues,
          ...(queues.every((queue) => queue.includes(runId)) ? [] : ["proxymq_delays"]),
        ]),
    })),
};

/** Every broker that the tests run against, those that cannot be had here included. */
export const brokersUnderTest: readonly BrokerUnderTest[] = [
  memory,
  sqlite,
  rabbitmq("quorum"),
  rabbitmq("classic"),
  redis,
  kafka,
];

/** The same for what is kept beside queues, to which the type of RabbitMQ's queues makes no difference. */
export const storesUnderTest: readonly BrokerUnderTest[] = [...brokersUnderTest, sqliteApart]
  .filter(({ name }) => name !== "rabbitmq classic");

async function setUp(find: () => Promise<Place>): Promise<TestBroker> {
  const { url, aliases = [], faults, tidy } = await find();
  const urls = [url, ...aliases];
  const handles: Broker[] = [];
  const queues: string[] = [];
  const named = (prefix: string) => {
    const name = uniqueName(prefix);
    queues.push(name);
    return name;
  };
  const own = (service: string) => {
    queues.push(requestQueue(service), deadLetterQueue(service));
  };
  return {
    url,
    ...(faults ? { faults } : {}),
    async open({ name = "proxymq-test", wait = true, onStatus } = {}) {
      const at = urls[handles.length % urls.length] ?? url;
      const broker = await openBroker(at, { name, ...(onStatus ? { onStatus } : {}) });
      handles.push(broker);
      if (wait) await eventually(() => broker.status.connected);
      return broker;
    },
    workQueue({ topics } = {}) {
      return {
        kind: "work",
        name: named("test_requests"),
        deadLetterQueue: named("test_dlq"),
        ...(topics ? { topics } : {}),
      };
    },
    replyQueue: ({ broadcasts } = {}) => ({
      kind: "reply",
      name: uniqueName("test_reply"),
      ...(broadcasts ? { broadcasts } : {}),
    }),
    service() {
      const name = uniqueName("test");
      own(name);
      return name;
    },
    own,
    spool() {
      const id = uniqueName("test");
      queues.push(spoolQueue(id));
      return id;
    },
    async [Symbol.asyncDispose]() {
      await Promise.allSettled(handles.map((handle) => handle[Symbol.asyncDispose]()));
      await tidy(queues);
    },
  };
}
