/** All drills, in the order of the list. */
import type { Scenario } from "../scenario.ts";
import { secondDevice } from "./second-device.ts";

export const SCENARIOS: readonly Scenario[] = [secondDevice];
