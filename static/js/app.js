/** Starts everything on the page. */

import { startCopy } from "./copy.js";
import { startHeatmaps } from "./heatmap.js";
import { startIntake } from "./intake.js";
import { startKeys } from "./keys.js";
import { startLanguage } from "./language.js";
import { startLive } from "./live.js";
import { startMasonry } from "./masonry.js";
import { onPage, startPages } from "./pages.js";
import { showLoaded, startPictures } from "./pictures.js";
import { showTimes } from "./times.js";
import { startTheme } from "./theme.js";
import { startTray } from "./tray.js";

startPages();
onPage(startMasonry);
startPictures();
onPage(showLoaded);
onPage(showTimes);
startTheme();
startKeys();
startCopy();
startHeatmaps();
if (document.getElementById("tray")) {
  startLanguage();
  startTray();
  startIntake();
}
startLive();
