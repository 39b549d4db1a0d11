/** CloudFormation's intrinsic functions, as far as this product's templates use them. */

export interface Resource {
  readonly Type: string;
  readonly Properties?: Record<string, any>;
  readonly Condition?: string;
}

export interface Template {
  readonly Parameters?: Readonly<Record<string, { readonly Default?: string }>>;
  readonly Conditions?: Readonly<Record<string, unknown>>;
  readonly Resources: Readonly<Record<string, Resource>>;
}

export interface Target {
  readonly accountId: string;
  readonly region: string;
  readonly stackName: string;
  readonly parameters?: Readonly<Record<string, string>>;
}

export interface Resolved {
  readonly logicalId: string;
  /** The name that the template gives, or one as CloudFormation makes it up. */
  readonly name: string;
  readonly type: string;
  readonly properties: any;
}

const NO_VALUE = Symbol('AWS::NoValue');

/** Every resource whose condition holds, with all references filled in. @throws Error for a function that is not known */
export function resolveTemplate(
  template: Template,
  target: Target,
  keyIdOf: (logicalId: string) => string,
): Resolved[] {
  const resolver = new Resolver(template, target, keyIdOf);
  return Object.entries(template.Resources)
    .filter(([, { Condition }]) => Condition === undefined || resolver.condition(Condition))
    .map(([logicalId, { Type, Properties = {} }]) => ({
      logicalId,
      name: resolver.physicalName(logicalId),
      type: Type,
      properties: resolver.value(Properties),
    }));
}

class Resolver {
  constructor(
    private readonly template: Template,
    private readonly target: Target,
    private readonly keyIdOf: (logicalId: string) => string,
  ) {}

  value(expression: unknown): any {
    if (Array.isArray(expression))
      return expression.map((item) => this.value(item)).filter((item) => item !== NO_VALUE);
    if (typeof expression !== 'object' || expression === null) return expression;
    const [entry, ...others] = Object.entries(expression);
    const [name, argument] = entry ?? ['', undefined];
    if (others.length === 0 && (name === 'Ref' || name.startsWith('Fn::'))) return this.call(name, argument);
    return Object.fromEntries(
      Object.entries(expression)
        .map(([key, item]) => [key, this.value(item)])
        .filter(([, item]) => item !== NO_VALUE),
    );
  }

  condition(name: string): boolean {
    return this.value(this.template.Conditions?.[name]) === true;
  }

  private call(name: string, argument: any): any {
    switch (name) {
      case 'Ref':
        return this.reference(argument);
      case 'Fn::GetAtt':
        return this.attribute(argument[0], argument[1]);
      case 'Fn::Join':
        return (this.value(argument[1]) as string[]).join(argument[0]);
      case 'Fn::Sub':
        return this.substitute(argument);
      case 'Fn::If':
        return this.value(this.condition(argument[0]) ? argument[1] : argument[2]);
      case 'Fn::Equals':
        return this.value(argument[0]) === this.value(argument[1]);
      case 'Fn::Not':
        return !this.value(argument[0]);
      case 'Fn::Select':
        return this.value(argument[1])[Number(this.value(argument[0]))];
      case 'Fn::Split':
        return String(this.value(argument[1])).split(argument[0]);
    }
    throw new Error(`the local organization does not know ${name}`);
  }

  private substitute(argument: string | [string, Record<string, unknown>]): string {
    const [text, values] = typeof argument === 'string' ? [argument, {} as Record<string, unknown>] : argument;
    return text.replace(/\$\{([^!}]+)\}/g, (_, name: string) => {
      if (name in values) return String(this.value(values[name]));
      const [logicalId = '', attribute] = name.split(/\.(.*)/);
      return attribute === undefined ? String(this.reference(name)) : this.attribute(logicalId, attribute);
    });
  }

  private reference(name: string): any {
    const { accountId, region, stackName, parameters } = this.target;
    const pseudo: Record<string, unknown> = {
      'AWS::AccountId': accountId,
      'AWS::Region': region,
      'AWS::Partition': 'aws',
      'AWS::URLSuffix': 'amazonaws.com',
      'AWS::StackName': stackName,
      'AWS::NoValue': NO_VALUE,
    };
    if (name in pseudo) return pseudo[name];
    const parameter = this.template.Parameters?.[name];
    if (parameter) return parameters?.[name] ?? parameter.Default ?? '';
    const resource = this.resource(name);
    const properties = resource.Properties ?? {};
    switch (resource.Type) {
      case 'AWS::SNS::Topic':
        return this.attribute(name, 'TopicArn');
      case 'AWS::SQS::Queue':
        return `https://sqs.${region}.amazonaws.com/${accountId}/${this.physicalName(name)}`;
      case 'AWS::KMS::Key':
        return this.keyIdOf(name);
      default:
        return (
          this.value(
            properties.RoleName ??
              properties.FunctionName ??
              properties.BucketName ??
              properties.LogGroupName ??
              properties.EmailIdentity,
          ) ?? this.physicalName(name)
        );
    }
  }

  private attribute(logicalId: string, attribute: string): string {
    const { accountId, region } = this.target;
    const { Type } = this.resource(logicalId);
    const name = (): string => this.physicalName(logicalId);
    switch (`${Type}.${attribute}`) {
      case 'AWS::IAM::Role.Arn':
        return `arn:aws:iam::${accountId}:role/${name()}`;
      case 'AWS::Lambda::Function.Arn':
        return `arn:aws:lambda:${region}:${accountId}:function:${name()}`;
      case 'AWS::Logs::LogGroup.Arn':
        return `arn:aws:logs:${region}:${accountId}:log-group:${name()}:*`;
      case 'AWS::SNS::Topic.TopicArn':
        return `arn:aws:sns:${region}:${accountId}:${name()}`;
      case 'AWS::SQS::Queue.Arn':
        return `arn:aws:sqs:${region}:${accountId}:${name()}`;
      case 'AWS::SQS::Queue.QueueName':
        return name();
      case 'AWS::KMS::Key.Arn':
        return `arn:aws:kms:${region}:${accountId}:key/${this.keyIdOf(logicalId)}`;
      case 'AWS::S3::Bucket.Arn':
        return `arn:aws:s3:::${name()}`;
      case 'AWS::CodeBuild::Project.Arn':
        return `arn:aws:codebuild:${region}:${accountId}:project/${name()}`;
      case 'AWS::CodePipeline::Pipeline.Arn':
        return `arn:aws:codepipeline:${region}:${accountId}:${name()}`;
      case 'AWS::Events::Rule.Arn':
        return `arn:aws:events:${region}:${accountId}:rule/${name()}`;
    }
    throw new Error(`the local organization does not know ${attribute} of ${Type}`);
  }

  /** The name that the template gives, or one as CloudFormation makes it up. */
  physicalName(logicalId: string): string {
    const { RoleName, FunctionName, BucketName, LogGroupName, TopicName, QueueName, AlarmName, Name } =
      this.resource(logicalId).Properties ?? {};
    return (
      (this.value(
        RoleName ?? FunctionName ?? BucketName ?? LogGroupName ?? TopicName ?? QueueName ?? AlarmName ?? Name,
      ) as string | undefined) ?? `${this.target.stackName}-${logicalId}`
    );
  }

  private resource(logicalId: string): Resource {
    const resource = this.template.Resources[logicalId];
    if (!resource) throw new Error(`the template has no ${logicalId}`);
    return resource;
  }
}
