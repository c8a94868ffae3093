using MixedLoad;

// Every kind of client at once, against a server like WebApp: MixedLoad HTTP_URL HTTPS_URL CLIENTS_OF_A_KIND [SECONDS]
// HTTPS_URL may be -: then it is any server that has a GET / with an answer of 200, the kinds are connection per request and keep-alive, and a
// connection is kept for as long as the server keeps it.
// Says "running" when each kind has been served once. Runs till its standard input ends, or for so many seconds; then a line of JSON says
// for each kind how many requests were served and how many failed, and with what. Nothing is tried twice: a failure counts.
if (args is not [var http, var https, var number, .. var rest] || !int.TryParse(number, out var clients))
{
    await Console.Error.WriteLineAsync("usage: MixedLoad HTTP_URL HTTPS_URL CLIENTS_OF_A_KIND [SECONDS]");
    return 2;
}

var plain = new Uri(http);
Load[] loads = https == "-"
    ? [new("connection per request", () => () => Clients.OneRequestAsync(plain)), new("keep-alive", () => new KeepAlive(plain, int.MaxValue).RunAsync)]
    : EveryKind(new Uri(https));
using var ended = new CancellationTokenSource();
var running = loads.SelectMany(load => Enumerable.Range(0, clients).Select(_ => load.RunAsync(ended.Token))).ToList();
await Task.WhenAll(loads.Select(load => load.Begun));
Console.WriteLine("running");
await (rest is [var seconds] ? Task.Delay(TimeSpan.FromSeconds(double.Parse(seconds))) : Task.Run(() => Console.In.ReadToEnd()));
await ended.CancelAsync();
await Task.WhenAll(running);
Console.WriteLine($"{{{string.Join(',', loads.Select(load => load.ToJson()))}}}");
return 0;

Load[] EveryKind(Uri secure)
{
    var http2 = new Http2(secure);
    return
    [
        new("connection per request", () => () => Clients.OneRequestAsync(plain)),
        new("keep-alive", () => new KeepAlive(plain).RunAsync),
        new("keep-alive, TLS", () => new KeepAlive(secure).RunAsync),
        new("HTTP/2", () => http2.RunAsync),
        new("WebSocket", () => new EchoSocket(plain).RunAsync),
        new("upload", () => () => Clients.UploadAsync(plain)),
        new("slow download", () => () => Clients.DownloadSlowlyAsync(plain)),
    ];
}
