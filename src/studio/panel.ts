/** The controls, loaded after the picture has begun: everything here can wait for the engine. */
import "./loss-plot.ts";
import "./model-picker.ts";
import "./recipe-controls.ts";
import "./subject-picker.ts";
