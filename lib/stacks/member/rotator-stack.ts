import { Aws, CfnCondition, CfnParameter, Fn, Stack, type StackProps } from 'aws-cdk-lib';
import { CfnAlarm, type CfnAlarmProps } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnRule } from 'aws-cdk-lib/aws-events';
import { CfnRole, CfnRolePolicy } from 'aws-cdk-lib/aws-iam';
import { CfnEventInvokeConfig, CfnFunction, CfnPermission } from 'aws-cdk-lib/aws-lambda';
import { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import {
  FUNCTIONS,
  mailPrefixes,
  RECONCILE_EVERY_MINUTES,
  ROLES,
  SECRET_NAME_PREFIX,
  type MemberEnvironment,
} from '../../../lambda/contract/names';
import type { UserGuard } from '../../../lambda/contract/slice';
import { acceptWildcards, placeInFindings } from '../nag-acknowledgements';
import { ADMIN_TOPIC_NAME, ALARM_NAME_PREFIX, ALARM_TOPIC_NAME } from '../../names';
import { allow, denyElsewhere, document, type Statement } from '../policy-statement';
import {
  keyPolicy,
  operatePolicy,
  reconcilePolicy,
  rotatePolicy,
  secretsKeyPolicy,
  type MemberPlace,
} from './policies';

export type MemberFunction = 'rotate' | 'reconcile' | 'operate';

export interface FunctionCode {
  readonly s3Bucket: string;
  readonly s3Key: string;
}

export interface RotatorStackProps extends StackProps {
  /** The account of the org bucket and the admin topic; the default of the parameter. */
  readonly securityAccountId: string;
  readonly userGuard: UserGuard;
  /** Alias of the secrets' customer managed key; the default of the parameter. */
  readonly secretsKey?: string;
  readonly code: (stack: Stack, name: MemberFunction) => FunctionCode;
  readonly codeVersion: string;
}

/** Names of the template's parameters: the same values for all accounts of a StackSet. */
export const ROTATOR_PARAMETERS = { securityAccountId: 'SecurityAccountId', secretsKey: 'KeyAlias' } as const;

const LOG_RETENTION_DAYS = 365;
/** Two runs missed, with room for a run that takes its full time. */
const RECONCILE_SILENT_MINUTES = 30;

/**
 * What every account gets: the three functions, the local roles that they assume, and what starts them. The template
 * is the same for all accounts; secrets are not in it, reconcile makes them.
 */
export class RotatorStack extends Stack {
  private readonly place: MemberPlace;
  private readonly secretsKey: CfnParameter;
  private readonly hasSecretsKey: CfnCondition;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: RotatorStackProps,
  ) {
    super(scope, id, props);
    const securityAccountId = new CfnParameter(this, ROTATOR_PARAMETERS.securityAccountId, {
      default: props.securityAccountId,
      allowedPattern: '\\d{12}',
      description: 'Account of the org bucket and the admin topic',
    }).valueAsString;
    this.secretsKey = new CfnParameter(this, ROTATOR_PARAMETERS.secretsKey, {
      default: props.secretsKey ?? '',
      description: 'Alias of the customer managed key of the secrets, in this account; empty for aws/secretsmanager',
    });
    this.hasSecretsKey = new CfnCondition(this, 'HasSecretsKey', {
      expression: Fn.conditionNot(Fn.conditionEquals(this.secretsKey, '')),
    });
    const { partition, region } = this;
    this.place = {
      partition,
      region,
      accountId: Aws.ACCOUNT_ID,
      securityAccountId,
      orgBucketArn: `arn:${partition}:s3:::access-keys-${securityAccountId}-${region}`,
      adminTopicArn: `arn:${partition}:sns:${region}:${securityAccountId}:${ADMIN_TOPIC_NAME}`,
    };
    const rotateArn = this.functionArn('rotate');
    const roles = {
      rotate: this.functionRole('rotate', rotatePolicy(this.place)),
      reconcile: this.functionRole('reconcile', reconcilePolicy(this.place, rotateArn)),
      operate: this.functionRole('operate', operatePolicy(this.place, rotateArn)),
    };
    this.keyRole('KeyAdministration', ROLES.keyAdministration, [roles.rotate], true);
    this.keyRole('KeyRetirement', ROLES.keyRetirement, [roles.reconcile, roles.operate], false);
    this.rotateFunction(roles.rotate);
    this.reconcileFunction(roles.reconcile);
    this.operateFunction(roles.operate);
  }

  private acceptFunctionWildcards(name: MemberFunction, role: CfnRole): void {
    const { partition, region } = placeInFindings(this);
    const bucket = `arn:${partition}:s3:::access-keys-<SecurityAccountId>-${region}`;
    const mails = mailPrefixes('<AWS::AccountId>').map((prefix) => [
      `Resource::${bucket}/${prefix}*`,
      "an object for the mail about each of this account's events",
    ]);
    acceptWildcards(role, {
      [`Resource::arn:${partition}:secretsmanager:${region}:<AWS::AccountId>:secret:${SECRET_NAME_PREFIX}*`]:
        'a secret for each user of the roster, which the template does not know',
      [`Resource::${bucket}/events/<AWS::AccountId>/*`]: "an object for each of this account's events",
      [`Resource::arn:${partition}:kms:${region}:<SecurityAccountId>:key/*`]:
        "the topic key's id is unknown to a template that is the same everywhere; its own policy decides, and only through SNS",
      ...(name === 'reconcile' && {
        'Resource::*': 'secretsmanager:ListSecrets has no resource level',
        ...Object.fromEntries(mails),
      }),
    });
  }

  private rotateFunction(role: CfnRole): void {
    const rotate = this.memberFunction('rotate', role, ROLES.keyAdministration);
    new CfnPermission(this, 'SecretsManagerInvokesRotate', {
      action: 'lambda:InvokeFunction',
      functionName: rotate.attrArn,
      principal: 'secretsmanager.amazonaws.com',
      sourceAccount: Aws.ACCOUNT_ID,
    });
  }

  private reconcileFunction(role: CfnRole): void {
    const reconcile = this.memberFunction('reconcile', role, ROLES.keyRetirement);
    const rules = {
      Schedule: { scheduleExpression: `rate(${RECONCILE_EVERY_MINUTES} minutes)` },
      RotationFailures: {
        eventPattern: {
          source: ['aws.secretsmanager'],
          'detail-type': ['AWS Service Event via CloudTrail'],
          detail: { eventName: ['RotationFailed', 'RotationAbandoned', 'TestRotationFailed'] },
        },
      },
    };
    for (const [name, trigger] of Object.entries(rules)) {
      const rule = new CfnRule(this, `Reconcile${name}`, {
        ...trigger,
        state: 'ENABLED',
        targets: [{ id: 'reconcile', arn: reconcile.attrArn }],
      });
      new CfnPermission(this, `${name}InvokesReconcile`, {
        action: 'lambda:InvokeFunction',
        functionName: reconcile.attrArn,
        principal: 'events.amazonaws.com',
        sourceArn: rule.attrArn,
      });
    }
    this.reconcileAlarms();
  }

  private reconcileAlarms(): void {
    this.reconcileAlarm('ReconcileFails', {
      alarmName: `${ALARM_NAME_PREFIX}reconcile-fails`,
      metricName: 'Errors',
      statistic: 'Sum',
      comparisonOperator: 'GreaterThanThreshold',
      threshold: 0,
      evaluationPeriods: 3,
      treatMissingData: 'notBreaching',
      alarmDescription: 'reconcile failed three times in a row: nothing is retired or created in this account',
    });
    this.reconcileAlarm('ReconcileSilent', {
      alarmName: `${ALARM_NAME_PREFIX}reconcile-silent`,
      metricName: 'Invocations',
      statistic: 'Sum',
      comparisonOperator: 'LessThanThreshold',
      threshold: 1,
      evaluationPeriods: RECONCILE_SILENT_MINUTES / RECONCILE_EVERY_MINUTES,
      // Lambda counts no invocations where there are none. A new alarm begins without data, which is no change of its
      // state, and has no OK action, which its first data would set off.
      treatMissingData: 'missing',
      insufficientDataActions: [this.alarmTopicArn],
      alarmDescription: `reconcile has not run for ${RECONCILE_SILENT_MINUTES} minutes`,
    });
  }

  private operateFunction(role: CfnRole): void {
    const operate = this.memberFunction('operate', role, ROLES.keyRetirement);
    new CfnPermission(this, 'OperatorInvokesOperate', {
      action: 'lambda:InvokeFunction',
      functionName: operate.attrArn,
      principal: `arn:${this.partition}:iam::${this.place.securityAccountId}:role/${ROLES.operator}`,
    });
  }

  private get alarmTopicArn(): string {
    return `arn:${this.partition}:sns:${this.region}:${this.place.securityAccountId}:${ALARM_TOPIC_NAME}`;
  }

  private reconcileAlarm(id: string, alarm: CfnAlarmProps): void {
    new CfnAlarm(this, id, {
      ...alarm,
      namespace: 'AWS/Lambda',
      dimensions: [{ name: 'FunctionName', value: FUNCTIONS.reconcile.name }],
      period: RECONCILE_EVERY_MINUTES * 60,
      alarmActions: [this.alarmTopicArn],
    });
  }

  private memberFunction(name: MemberFunction, role: CfnRole, keyRole: string): CfnFunction {
    const { name: functionName, timeoutSeconds, memoryMiB } = FUNCTIONS[name];
    const environment: MemberEnvironment = {
      ORG_BUCKET: `access-keys-${this.place.securityAccountId}-${this.region}`,
      ORG_BUCKET_OWNER: this.place.securityAccountId,
      ADMIN_TOPIC_ARN: this.place.adminTopicArn,
      KEY_ROLE_ARN: `arn:${this.partition}:iam::${Aws.ACCOUNT_ID}:role/${keyRole}`,
      ROTATE_FUNCTION_ARN: this.functionArn('rotate'),
      SECRETS_KEY: this.secretsKey.valueAsString,
      CODE_VERSION: this.props.codeVersion,
    };
    const made = new CfnFunction(this, capital(name), {
      functionName,
      role: role.attrArn,
      runtime: 'nodejs24.x',
      architectures: ['arm64'],
      handler: 'index.handler',
      code: this.props.code(this, name),
      timeout: timeoutSeconds,
      memorySize: memoryMiB,
      environment: { variables: { ...environment } },
      loggingConfig: { logGroup: Fn.ref(`${capital(name)}Logs`), logFormat: 'JSON' },
    });
    new CfnEventInvokeConfig(this, `${capital(name)}Once`, {
      functionName: made.ref,
      qualifier: '$LATEST',
      maximumRetryAttempts: 0,
    });
    return made;
  }

  private functionRole(name: MemberFunction, statements: readonly Statement[]): CfnRole {
    const logs = new CfnLogGroup(this, `${capital(name)}Logs`, {
      logGroupName: `/aws/lambda/${FUNCTIONS[name].name}`,
      retentionInDays: LOG_RETENTION_DAYS,
    });
    const role = new CfnRole(this, `${capital(name)}Role`, {
      roleName: ROLES[name],
      assumeRolePolicyDocument: document([
        { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
      ]),
      policies: [
        {
          policyName: name,
          policyDocument: document([
            allow('WriteLogs', ['logs:CreateLogStream', 'logs:PutLogEvents'], logs.attrArn),
            ...statements,
            denyElsewhere(this.functionArn(name)),
          ]),
        },
      ],
    });
    this.acceptFunctionWildcards(name, role);
    const keyUse = new CfnRolePolicy(this, `${capital(name)}SecretsKey`, {
      policyName: 'secrets-key',
      roleName: role.ref,
      policyDocument: document(secretsKeyPolicy(this.place, this.secretsKey.valueAsString)),
    });
    keyUse.cfnOptions.condition = this.hasSecretsKey;
    acceptWildcards(keyUse, {
      [`Resource::arn:${placeInFindings(this).partition}:kms:${placeInFindings(this).region}:<AWS::AccountId>:key/*`]:
        'the key with the alias of the condition',
    });
    return role;
  }

  private keyRole(id: string, roleName: string, trusted: readonly CfnRole[], creates: boolean): void {
    const { userGuard } = this.props;
    const role = new CfnRole(this, `${id}Role`, {
      roleName,
      maxSessionDuration: 3600,
      assumeRolePolicyDocument: document([
        {
          Effect: 'Allow',
          Principal: { AWS: trusted.map(({ attrArn }) => attrArn) },
          Action: ['sts:AssumeRole', 'sts:SetSourceIdentity'],
        },
      ]),
      policies: [{ policyName: 'keys', policyDocument: document(keyPolicy(this.place, userGuard, { creates })) }],
    });
    acceptWildcards(role, {
      [`Resource::arn:${placeInFindings(this).partition}:iam::<AWS::AccountId>:user${userGuard.kind === 'path' ? userGuard.path : '/'}*`]:
        'the users that the user guard lets through; each session is narrowed to one of them',
    });
  }

  private functionArn(name: MemberFunction): string {
    return `arn:${this.partition}:lambda:${this.region}:${Aws.ACCOUNT_ID}:function:${FUNCTIONS[name].name}`;
  }
}

const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);
