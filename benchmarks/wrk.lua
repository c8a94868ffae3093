-- Prints the run as one line of JSON; has no function that runs per request, so it costs nothing.
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requestsPerSecond":%.0f,"p50Ms":%.2f,"p99Ms":%.2f,"requests":%d,"connectErrors":%d,"readErrors":%d,"writeErrors":%d,"timeouts":%d,"statusErrors":%d}\n',
    summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, summary.requests,
    errors.connect, errors.read, errors.write, errors.timeout, errors.status))
end
