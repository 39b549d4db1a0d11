import type { Clock } from './clock';
import type { AlarmDefinition } from './deployment/deploy';

type State = 'INSUFFICIENT_DATA' | 'OK' | 'ALARM';

interface Alarm {
  definition: AlarmDefinition;
  state: State;
}

/** Publishes to a topic as CloudWatch, on behalf of an alarm. */
export type PublishAlarm = (
  topicArn: string,
  message: { readonly subject: string; readonly text: string },
  source: { readonly arn: string; readonly accountId: string },
) => Promise<void>;

/** CloudWatch looks at a new alarm before its metric can have any data. */
const FIRST_LOOK_MS = 60_000;
/** By then the metric of what was deployed beside the alarm has data. */
const FIRST_DATA_MS = 600_000;

/**
 * CloudWatch's alarms. They watch no metric: that a condition holds, or that data is missing, is said by hand. What a
 * new alarm does by itself is what `treatMissingData` makes of a metric without data:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html,
 * https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2486
 */
export class Alarms {
  private readonly alarms = new Map<string, Alarm>();

  constructor(private readonly options: { readonly clock: Clock; readonly publish: PublishAlarm }) {}

  /** One that is there already keeps its state. */
  put(definition: AlarmDefinition): void {
    const former = this.alarms.get(alarmArn(definition));
    if (former) {
      former.definition = definition;
      return;
    }
    const alarm: Alarm = { definition, state: 'INSUFFICIENT_DATA' };
    this.alarms.set(alarmArn(definition), alarm);
    const { clock } = this.options;
    clock.at(new Date(clock.now().getTime() + FIRST_LOOK_MS), () => this.turn(alarm, withoutData(definition)));
    clock.at(new Date(clock.now().getTime() + FIRST_DATA_MS), () => this.turn(alarm, 'OK'));
  }

  /**
   * The alarm's condition is found true.
   * @throws AwsError when a topic or its key refuses the message
   */
  async raise(place: Pick<AlarmDefinition, 'accountId' | 'region' | 'name'>): Promise<void> {
    const alarm = this.alarms.get(alarmArn(place))!;
    alarm.state = 'OK';
    await this.turn(alarm, 'ALARM');
  }

  /** The metric had data and has none any more. @throws AwsError when a topic or its key refuses the message */
  async missData(place: Pick<AlarmDefinition, 'accountId' | 'region' | 'name'>): Promise<void> {
    const alarm = this.alarms.get(alarmArn(place))!;
    alarm.state = 'OK';
    await this.turn(alarm, withoutData(alarm.definition));
  }

  /** Only a change of state is an action's occasion. */
  private async turn(alarm: Alarm, state: State): Promise<void> {
    if (alarm.state === state) return;
    alarm.state = state;
    const { accountId, name, description, actions } = alarm.definition;
    for (const topicArn of actions[state]) {
      const message = { subject: `${state}: "${name}"`, text: description };
      await this.options.publish(topicArn, message, { arn: alarmArn(alarm.definition), accountId });
    }
  }
}

const withoutData = ({ treatMissingData }: AlarmDefinition): State =>
  (({ breaching: 'ALARM', notBreaching: 'OK' }) as const)[treatMissingData ?? ''] ?? 'INSUFFICIENT_DATA';

const alarmArn = ({ accountId, region, name }: Pick<AlarmDefinition, 'accountId' | 'region' | 'name'>): string =>
  `arn:aws:cloudwatch:${region}:${accountId}:alarm:${name}`;
