using MixedLoad;

// Every kind of client at once, against a server like WebApp: MixedLoad HTTP_URL HTTPS_URL CLIENTS_OF_A_KIND [SECONDS]
// Says "running" when each kind has been served once. Runs till its standard input ends, or for so many seconds; then a line of JSON says
// for each kind how many requests were served and how many failed, and with what. Nothing is tried twice: a failure counts.
if (args is not [var http, var https, var number, .. var rest] || !int.TryParse(number, out var clients))
{
    await Console.Error.WriteLineAsync("usage: MixedLoad HTTP_URL HTTPS_URL CLIENTS_OF_A_KIND [SECONDS]");
    return 2;
}

var plain = new Uri(http);
var secure = new Uri(https);
Load[] loads =
[
    new("connection per request", () => Clients.OneRequestAsync(plain)),
    new("keep-alive", new KeepAlive(plain).RunAsync),
    new("keep-alive, TLS", new KeepAlive(secure).RunAsync),
    new("HTTP/2", new Http2(secure).RunAsync),
    new("WebSocket", new EchoSocket(plain).RunAsync),
    new("upload", () => Clients.UploadAsync(plain)),
    new("slow download", () => Clients.DownloadSlowlyAsync(plain)),
];
using var ended = new CancellationTokenSource();
var running = loads.SelectMany(load => Enumerable.Range(0, clients).Select(_ => load.RunAsync(ended.Token))).ToList();
await Task.WhenAll(loads.Select(load => load.Begun));
Console.WriteLine("running");
await (rest is [var seconds] ? Task.Delay(TimeSpan.FromSeconds(double.Parse(seconds))) : Task.Run(() => Console.In.ReadToEnd()));
await ended.CancelAsync();
await Task.WhenAll(running);
Console.WriteLine($"{{{string.Join(',', loads.Select(load => load.ToJson()))}}}");
return 0;
