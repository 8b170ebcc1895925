/** The controls. They are loaded after the picture has begun, since they can wait for the engine. */
import "./channel-wall.ts";
import "./compare-room.ts";
import "./film-strip.ts";
import "./formula-line.ts";
import "./loss-plot.ts";
import "./model-picker.ts";
import "./photo-room.ts";
import "./presets.ts";
import "./recipe-controls.ts";
import "./subject-picker.ts";
