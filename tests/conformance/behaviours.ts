import type { Behaviour } from "./behaviour.ts";
import { behaviour as publishConfirmed } from "./publish_confirmed.ts";
import { behaviour as publishBare } from "./publish_bare.ts";
import { behaviour as publishMissingQueue } from "./publish_missing_queue.ts";
import { behaviour as publishMissingBesideOthers } from "./publish_missing_beside_others.ts";
import { behaviour as publishUnroutable } from "./publish_unroutable.ts";
import { behaviour as consumeBeforeConnected } from "./consume_before_connected.ts";
import { behaviour as consumeMissingQueue } from "./consume_missing_queue.ts";
import { behaviour as declare } from "./declare.ts";
import { behaviour as order } from "./order.ts";
import { behaviour as competingConsumers } from "./competing_consumers.ts";
import { behaviour as prefetch } from "./prefetch.ts";
import { behaviour as settleAnyOrder } from "./settle_any_order.ts";
import { behaviour as settleNothing } from "./settle_nothing.ts";
import { behaviour as settleTwice } from "./settle_twice.ts";
import { behaviour as release } from "./release.ts";
import { behaviour as releaseOnAbort } from "./release_on_abort.ts";
import { behaviour as abortAtDelivery } from "./abort_at_delivery.ts";
import { behaviour as abortWhileWaiting } from "./abort_while_waiting.ts";
import { behaviour as breakLeavesNoConsumer } from "./break_leaves_no_consumer.ts";
import { behaviour as redelivery } from "./redelivery.ts";
import { behaviour as retry } from "./retry.ts";
import { behaviour as retryAtTheEnd } from "./retry_at_the_end.ts";
import { behaviour as retryDelays } from "./retry_delays.ts";
import { behaviour as retryFreesPrefetch } from "./retry_frees_prefetch.ts";
import { behaviour as deadLetter } from "./dead_letter.ts";
import { behaviour as expired } from "./expired.ts";
import { behaviour as delayedPublish } from "./delayed_publish.ts";
import { behaviour as delayedForDeletedQueue } from "./delayed_for_deleted_queue.ts";
import { behaviour as delayedMissingQueue } from "./delayed_missing_queue.ts";
import { behaviour as priorities } from "./priorities.ts";
import { behaviour as prioritiesShares } from "./priorities_shares.ts";
import { behaviour as prioritiesKept } from "./priorities_kept.ts";
import { behaviour as topics } from "./topics.ts";
import { behaviour as topicsDelayed } from "./topics_delayed.ts";
import { behaviour as topicsUnbind } from "./topics_unbind.ts";
import { behaviour as topicsUnroutable } from "./topics_unroutable.ts";
import { behaviour as replyQueue } from "./reply_queue.ts";
import { behaviour as replyQueueGone } from "./reply_queue_gone.ts";
import { behaviour as broadcast } from "./broadcast.ts";
import { behaviour as broadcastGone } from "./broadcast_gone.ts";
import { behaviour as stats } from "./stats.ts";
import { behaviour as thousandMessages } from "./thousand_messages.ts";
import { behaviour as bodies } from "./bodies.ts";
import { behaviour as bodySurvivesSettlement } from "./body_survives_settlement.ts";
import { behaviour as headers } from "./headers.ts";
import { behaviour as messageTooLarge } from "./message_too_large.ts";
import { behaviour as status } from "./status.ts";
import { behaviour as dispose } from "./dispose.ts";
import { behaviour as manyHandles } from "./many_handles.ts";
import { behaviour as queueDeleted } from "./queue_deleted.ts";
import { behaviour as connectionsClosed } from "./connections_closed.ts";
import { behaviour as unconfirmedLost } from "./unconfirmed_lost.ts";
import { behaviour as unconfirmedRefused } from "./unconfirmed_refused.ts";
import { behaviour as serverRestart } from "./server_restart.ts";

/** What every broker does, in the order in which it is tried. */
export const behaviours: readonly Behaviour[] = [
  publishConfirmed,
  publishBare,
  publishMissingQueue,
  publishMissingBesideOthers,
  publishUnroutable,
  consumeMissingQueue,
  consumeBeforeConnected,
  declare,
  order,
  competingConsumers,
  prefetch,
  settleAnyOrder,
  settleNothing,
  settleTwice,
  release,
  releaseOnAbort,
  abortAtDelivery,
  abortWhileWaiting,
  breakLeavesNoConsumer,
  redelivery,
  retry,
  retryAtTheEnd,
  retryDelays,
  retryFreesPrefetch,
  deadLetter,
  expired,
  delayedPublish,
  delayedMissingQueue,
  delayedForDeletedQueue,
  priorities,
  prioritiesShares,
  prioritiesKept,
  topics,
  topicsDelayed,
  topicsUnbind,
  topicsUnroutable,
  replyQueue,
  replyQueueGone,
  broadcast,
  broadcastGone,
  stats,
  thousandMessages,
  bodies,
  bodySurvivesSettlement,
  headers,
  messageTooLarge,
  status,
  dispose,
  manyHandles,
  queueDeleted,
  connectionsClosed,
  unconfirmedLost,
  unconfirmedRefused,
  serverRestart,
];

/** What a broker does again whose queues are declared with priorities. */
export const priorityBehaviours: readonly Behaviour[] = [
  declare,
  order,
  competingConsumers,
  release,
  redelivery,
  retry,
  retryDelays,
  deadLetter,
  expired,
  delayedPublish,
  priorities,
  prioritiesKept,
  topics,
  stats,
];
