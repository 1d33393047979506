// Configurations that the browser's test pushes.

const release = (words) => `run: circleci run release ${words}`;

/** The deployment's marker in three jobs, so that each of its states lasts until it was seen; the first waits for
 *  the address `gate` to answer. */
export const deployConfig = (gate) => `version: 2.1
jobs:
  plan:
    docker: [{ image: cimg/node:22.14 }]
    steps:
      - ${release('plan --environment-name=production --component-name=widgets --target-version=2.0.1')}
      - run:
          name: Print in colours
          command: |
            printf '\\033[1;32mgreen\\033[0m caf\\303\\251 <i>not markup</i>\\n10%%\\r100%%\\n'
            echo waits for the gate
            until curl -sf ${gate} > /dev/null; do sleep 0.1; done
            echo the gate is open
  start:
    docker: [{ image: cimg/node:22.14 }]
    steps:
      - ${release('update --status=RUNNING')}
  finish:
    docker: [{ image: cimg/node:22.14 }]
    steps:
      - ${release('update --status=SUCCESS')}
workflows:
  deploy:
    jobs:
      - plan
      - start-it: { name: start, type: approval, requires: [plan] }
      - start: { name: started, requires: [start] }
      - finish-it: { name: finish, type: approval, requires: [started] }
      - finish: { name: finished, requires: [finish] }
`;
/** A job that needs the guarded context. */
export const guardedConfig = `version: 2.1
jobs:
  guard-me:
    docker: [{ image: cimg/node:22.14 }]
    steps: [run: "true"]
workflows:
  guarded:
    jobs:
      - guard-me: { context: [trusted-publishing-guard] }
`;

/** Tries to publish, which has to be refused, and then stages. */
export const stageConfig = `version: 2.1
jobs:
  stage-it:
    docker: [{ image: cimg/node:22.14 }]
    steps:
      - checkout
      - run:
          name: Publish
          command: |
            token() { circleci run oidc get --claims '{"aud": "npm:localhost"}'; }
            if NPM_ID_TOKEN=$(token) npm publish --access public; then exit 1; fi
            NPM_ID_TOKEN=$(token) npm stage publish --access public
workflows:
  stage:
    jobs:
      - stage-it: { context: [trusted-publishing-guard] }
`;
