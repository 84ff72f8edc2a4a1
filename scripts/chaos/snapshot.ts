import type { ServiceProcess } from "../../tests/process/service_process.ts";
import type { OwnServer } from "./own_server.ts";

/** What a RabbitMQ server holds. */
export interface ServerState {
  readonly connections: number;
  readonly channels: number;
  /** By name: how many messages there are, unacknowledged ones too, and how many consumers. */
  readonly queues: ReadonlyMap<string, { readonly messages: number; readonly consumers: number }>;
}

/** What a process holds, or undefined where the system does not tell. */
export interface ProcessState {
  readonly task: string;
  readonly rssBytes: number;
  readonly files: number;
}

// One command for all: each takes the second that an Erlang VM takes to start. Quorum queues are
// asked themselves, for their metrics are seconds old.
const question = `
  Look = fun(Q) ->
    case amqqueue:get_type(Q) of
      rabbit_quorum_queue ->
        Ask = fun(F) ->
          case ra:leader_query(amqqueue:get_pid(Q), {rabbit_fifo, F, []}) of
            {ok, {_, N}, _} -> N; _ -> -1
          end
        end,
        [Ask(query_messages_total), Ask(query_consumer_count)];
      _ ->
        [N || {_, N} <- rabbit_amqqueue:info(Q, [messages, consumers])]
    end
  end,
  Queues = [[element(4, amqqueue:get_name(Q)) | Look(Q)] || Q <- rabbit_amqqueue:list()],
  io:format("~s~n", [rabbit_json:encode(#{connections => length(rabbit_networking:connections()),
    channels => length(rabbit_channel:list()), queues => Queues})]).`;

/** Asks a server what it holds. */
export async function serverState(server: OwnServer): Promise<ServerState> {
  const answer = await server.ctl("eval", question.replaceAll(/\s+/g, " "));
  const line = answer.split("\n").find((line) => line.startsWith("{")) ?? "{}";
  const { connections, channels, queues } = JSON.parse(line) as {
    connections: number;
    channels: number;
    queues: [string, number, number][];
  };
  return {
    connections,
    channels,
    queues: new Map(queues.map(([name, messages, consumers]) => [name, { messages, consumers }])),
  };
}

/** Looks at a process from outside. */
export async function processState(process: ServiceProcess): Promise<ProcessState | undefined> {
  const folder = `/proc/${process.pid}`;
  try {
    const status = await Deno.readTextFile(`${folder}/status`);
    const files = await Array.fromAsync(Deno.readDir(`${folder}/fd`));
    const [, kib = "0"] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
    return { task: process.task, rssBytes: Number(kib) * 1024, files: files.length };
  } catch {
    return undefined;
  }
}
