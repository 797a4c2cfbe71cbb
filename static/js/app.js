/** Starts everything on the page. */

import { startActions } from "./actions.js";
import { startCopy } from "./copy.js";
import { startHeatmaps } from "./heatmap.js";
import { startIntake } from "./intake.js";
import { startKeys } from "./keys.js";
import { startLanguage } from "./language.js";
import { startLive } from "./live.js";
import { startMasonry } from "./masonry.js";
import { startModeration } from "./moderation.js";
import { onPage, startPages } from "./pages.js";
import { showLoaded, startPictures } from "./pictures.js";
import { startSearch } from "./search.js";
import { showTimes } from "./times.js";
import { startRefusals } from "./refusals.js";
import { startTexts } from "./texts.js";
import { startTheme } from "./theme.js";
import { startTray } from "./tray.js";
import { startVotes } from "./votes.js";

startPages();
onPage(startMasonry);
startPictures();
onPage(showLoaded);
onPage(showTimes);
startTheme();
startKeys();
startCopy();
startActions();
startSearch();
startHeatmaps();
startModeration();
startRefusals();
startVotes();
startTexts();
if (document.getElementById("tray")) {
  startLanguage();
  startTray();
  startIntake();
}
startLive();
