// Stands in for a dataset of Workers Analytics Engine, and adds up what it is given.
import { WorkerEntrypoint } from "cloudflare:workers";

const points = [];

export default class extends WorkerEntrypoint {
  writeDataPoint(point) {
    points.push(point);
  }

  fetch() {
    return Response.json(points);
  }
}
