import { run } from '../lib/cli/program';

void run(process.argv);
