/** The text that `--help` prints. @param command how the command is started. */
export const help = (command: string): string =>
  `Looks at dead letters and deals with them: requests that could not be done and stand in
{service}_dlq. The same for every broker.

Usage: ${command} COMMAND SERVICE [ID...] [options]

Commands:
  list SERVICE          lists them, the oldest first
  show SERVICE ID       shows one, whole
  replay SERVICE        puts them back into the request queue: all attempts anew, the id kept
  discard SERVICE       removes them for good
  export SERVICE        writes them as NDJSON, and leaves them where they are
  import SERVICE        puts exported ones into the dead letters, from a file or stdin

Which ones (list, replay, discard, export); what is given has to hold all together:
  ID..., --id ID        these alone
  --reason REASON       why they are dead: timeout, unreachable, expired, status-503 ...;
                        or how that begins: 'status-5*'
  --status N            the status of the last response
  --older-than TIME     dead for longer: 30s, 5m, 1h, 2d
  --newer-than TIME     dead for less
  --path PREFIX         how the request's path begins
  --limit N             at most so many, the oldest (list: 100 unless given)
  --all                 replay and discard: all of them

Options:
  --dry-run             replay and discard: says which, and does nothing
  --yes, -y             replay and discard: does not ask; needed where there is no terminal
  --rate N/s            replay and discard: no faster than that; also N/m, N/h
  --to SERVICE          replay: into the request queue of another service
  --file FILE           export: into a new file; import: from a file
  --discard             export: removes what is safe in the file
  --to-queue            import: straight into the request queue, as replay does
  --json                prints JSON
  --help, -h            prints this

Environment variables:
  BROKER_URL            the broker (default: sqlite:proxymq.db)
  RABBITMQ_QUEUE_TYPE   quorum, classic or classic-priority, as for the services (default: quorum)

Each is confirmed in its new place before it leaves the old one, so Ctrl-C and crashes lose nothing;
what is looked at just now is not seen by a second command. Exit codes: 0 done, 1 failed or not all
done, 2 wrong arguments, 130 interrupted.
`;
