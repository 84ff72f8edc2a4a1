import type { Behaviour } from "../conformance/behaviour.ts";
import { behaviour as roundTrip } from "./round_trip.ts";
import { behaviour as fromAByte } from "./from_a_byte.ts";
import { behaviour as follows } from "./follows.ts";
import { behaviour as madeOnce } from "./made_once.ts";
import { behaviour as deleted } from "./deleted.ts";
import { behaviour as notWhole } from "./not_whole.ts";
import { behaviour as appendedTwice } from "./appended_twice.ts";
import { behaviour as state } from "./state.ts";
import { behaviour as slowReader } from "./slow_reader.ts";
import { behaviour as abort } from "./abort.ts";
import { behaviour as dispose } from "./dispose.ts";
import { behaviour as connectionsClosed } from "./connections_closed.ts";
import { behaviour as serverRestart } from "./server_restart.ts";

/** What the spools of every broker do, in the order in which it is tried. */
export const behaviours: readonly Behaviour[] = [
  roundTrip,
  fromAByte,
  follows,
  madeOnce,
  deleted,
  notWhole,
  appendedTwice,
  state,
  slowReader,
  abort,
  dispose,
  connectionsClosed,
  serverRestart,
];
