import { MetricUnit, Metrics } from '@aws-lambda-powertools/metrics';
import { METRICS_NAMESPACE } from '../contract/names';

/** Counts something once, in CloudWatch's embedded metric format, on this function's log. */
export function counted(name: string): void {
  const metrics = new Metrics({ namespace: METRICS_NAMESPACE });
  metrics.addMetric(name, MetricUnit.Count, 1);
  metrics.publishStoredMetrics();
}
