/** Runs every behaviour on every result store. */

import { storesUnderTest } from "../brokers.ts";
import { testBehaviours, testList } from "../support/behaviour_suite.ts";
import { behaviours } from "./behaviours.ts";

testList("results", behaviours);
await testBehaviours(storesUnderTest, behaviours);
