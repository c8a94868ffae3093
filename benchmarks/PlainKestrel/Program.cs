using System.Runtime.CompilerServices;

// One process, no cluster: what samples/HelloCluster costs is measured beside this; and unmodified, under prefork run. SCHEME=https takes its certificate from configuration.
var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.ClearProviders();
builder.WebHost.UseKestrelHttpsConfiguration();
builder.WebHost.UseUrls($"{Environment.GetEnvironmentVariable("SCHEME") ?? "http"}://127.0.0.1:{Environment.GetEnvironmentVariable("PORT") ?? "8000"}");

var app = builder.Build();
app.MapGet("/", (HttpResponse response) =>
{
    response.Headers["x-worker"] = $"{0}";
    return "hello world\n";
});

// Work for the garbage collector: 2,000 small objects a request, of which some live on for a while.
var kept = new Kept();
app.MapGet("/allocate", () =>
{
    var total = 0;
    for (var i = 0; i < 2000; i++)
    {
        var block = new byte[100];
        total += block.Length;
        if (i % 20 == 0)
        {
            kept.Keep(block);
        }
    }

    return $"{total}";
});
app.Run();

/// <summary>The last 200,000 blocks, 25 MB or so, over all workers of a cluster: what an application's cache does to a heap.</summary>
internal sealed class Kept
{
    private readonly byte[]?[] _blocks = new byte[]?[200_000 / int.Parse(Environment.GetEnvironmentVariable("SHARE_OF") ?? "1", System.Globalization.CultureInfo.InvariantCulture)];
    private int _next;

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal void Keep(byte[] block) => _blocks[(uint)Interlocked.Increment(ref _next) % (uint)_blocks.Length] = block;
}
