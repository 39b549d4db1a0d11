import { externalDataInterceptor, getHomeDir } from '@smithy/core/config';
import { join } from 'node:path';

/**
 * From here on the SDK's clients in this process take the machine's AWS profiles for empty: a rehearsal is the same
 * whatever they say, and however long reading them would take.
 */
export function ignoreProfiles(): void {
  const { AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE } = process.env;
  externalDataInterceptor.interceptFile(AWS_CONFIG_FILE || join(getHomeDir(), '.aws', 'config'), '');
  externalDataInterceptor.interceptFile(AWS_SHARED_CREDENTIALS_FILE || join(getHomeDir(), '.aws', 'credentials'), '');
}
