// The parts of Apache ECharts that the figures use, and no other.
import { BarChart, ChordChart, CustomChart, EffectScatterChart, GraphChart, LineChart, LinesChart, ScatterChart, TreeChart } from "echarts/charts";
import { AriaComponent, BrushComponent, DataZoomComponent, GeoComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { LabelLayout } from "echarts/features";
import * as echarts from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

echarts.use([
  AriaComponent, BarChart, BrushComponent, CanvasRenderer, ChordChart, CustomChart, DataZoomComponent, EffectScatterChart,
  GeoComponent, GraphChart, GridComponent, LabelLayout, LegendComponent, LineChart, LinesChart, MarkLineComponent, ScatterChart, TooltipComponent, TreeChart,
]);

export { echarts };
export type Chart = echarts.ECharts;
// An option object as ECharts takes it; its own type is too wide to help here.
export type Option = Record<string, unknown>;
/** What a mark that we draw ourselves is told by ECharts: its values, and where they are on the screen. */
export interface DrawApi {
  value(i: number): number;
  coord(at: [number, number]): [number, number];
  size(of: [number, number]): [number, number];
}
export interface DrawParams {
  coordSys: { x: number; y: number; width: number; height: number };
}
