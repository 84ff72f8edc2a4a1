import type { Behaviour } from "../conformance/behaviour.ts";
import { behaviour as roundTrip } from "./round_trip.ts";
import { behaviour as responses } from "./responses.ts";
import { behaviour as changesInOrder } from "./changes_in_order.ts";
import { behaviour as finalSticks } from "./final_sticks.ts";
import { behaviour as higherRun } from "./higher_run.ts";
import { behaviour as unknownEntered } from "./unknown_entered.ts";
import { behaviour as unknown } from "./unknown.ts";
import { behaviour as withdrawn } from "./withdrawn.ts";
import { behaviour as withinASecond } from "./within_a_second.ts";
import { behaviour as watch } from "./watch.ts";
import { behaviour as watchEnds } from "./watch_ends.ts";
import { behaviour as watchMany } from "./watch_many.ts";
import { behaviour as cancel } from "./cancel.ts";
import { behaviour as cancelRace } from "./cancel_race.ts";
import { behaviour as cancelled } from "./cancelled.ts";
import { behaviour as delayed } from "./delayed.ts";
import { behaviour as claimsAtOnce } from "./claims_at_once.ts";
import { behaviour as claimTaken } from "./claim_taken.ts";
import { behaviour as claimWithdrawn } from "./claim_withdrawn.ts";
import { behaviour as claimAbandoned } from "./claim_abandoned.ts";
import { behaviour as expiry } from "./expiry.ts";
import { behaviour as reopenedInTime } from "./reopened_in_time.ts";
import { behaviour as fiveThousand } from "./five_thousand.ts";
import { behaviour as responseTooLarge } from "./response_too_large.ts";
import { behaviour as spooledResponse } from "./spooled_response.ts";
import { behaviour as recorder } from "./recorder.ts";
import { behaviour as openedAgain } from "./opened_again.ts";
import { behaviour as dispose } from "./dispose.ts";
import { behaviour as connectionsClosed } from "./connections_closed.ts";
import { behaviour as serverRestart } from "./server_restart.ts";

/** What every result store does, in the order in which it is tried. */
export const behaviours: readonly Behaviour[] = [
  roundTrip,
  responses,
  changesInOrder,
  finalSticks,
  higherRun,
  unknownEntered,
  unknown,
  withdrawn,
  withinASecond,
  watch,
  watchEnds,
  watchMany,
  cancel,
  cancelRace,
  cancelled,
  delayed,
  claimsAtOnce,
  claimTaken,
  claimWithdrawn,
  claimAbandoned,
  expiry,
  reopenedInTime,
  fiveThousand,
  responseTooLarge,
  spooledResponse,
  recorder,
  openedAgain,
  dispose,
  connectionsClosed,
  serverRestart,
];
