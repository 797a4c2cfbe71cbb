/** The warning before the sign-out, on pages of the administration, which have no other script of ours. */

import { startIdle } from "./idle.js";

startIdle();
