// requests.js URL COUNT [CONCURRENT]: sends COUNT requests over CONCURRENT kept connections; fails if one is not answered with 200.
'use strict';
const http = require('http');

const [url, count, concurrent = 16] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true, maxSockets: Number(concurrent) });
let left = Number(count);

function get() {
  return new Promise((resolve, reject) => {
    http.get(url, { agent }, (response) => {
      response.resume();
      response.on('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`status ${response.statusCode}`))));
    }).on('error', reject);
  });
}

async function client() {
  while (left-- > 0) {
    await get();
  }
}

Promise.all(Array.from({ length: Number(concurrent) }, client)).then(
  () => agent.destroy(),
  (error) => {
    console.error(error);
    process.exit(1);
  });
