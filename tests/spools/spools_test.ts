/** Runs every behaviour on every broker's spools. */

import { storesUnderTest } from "../brokers.ts";
import { testBehaviours, testList } from "../support/behaviour_suite.ts";
import { behaviours } from "./behaviours.ts";

testList("spools", behaviours);
await testBehaviours(storesUnderTest, behaviours);
