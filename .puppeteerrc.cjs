// `npm ci` must work without a network: the tests use the system's browsers, and `npm test` asks
// puppeteer's installer itself where there are none.
module.exports = { skipDownload: true };
