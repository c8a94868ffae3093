using System.Collections;
using System.Diagnostics;
using System.Net.Sockets;
using Prefork.Native;
using Prefork.Processes;

namespace Prefork.Conformance.Transcripts;

/// <summary>A process of ours, and the other end of its channel in the test's hands.</summary>
internal sealed class Peer : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Socket? _relay;

    private Peer(Process process, RawChannel channel, Socket? relay)
    {
        _process = process;
        _relay = relay;
        Channel = channel;
    }

    internal RawChannel Channel { get; }

    /// <summary>A worker; the test is its primary.</summary>
    internal static Peer Worker()
    {
        var (ours, theirs) = SocketPair.Stream();
        using (theirs)
        {
            var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(entry => $"{entry.Key}={entry.Value}")
                .Append("NODE_CHANNEL_FD=3").Append("NODE_CHANNEL_SERIALIZATION_MODE=json").Append("NODE_UNIQUE_ID=1");
            var pid = Spawner.Start(new ProgramCommand(ScenarioRun.App, ["wire"]), environment, null, [null, null, null, theirs]);
            return new Peer(Process.GetProcessById(pid), new RawChannel(ours), null);
        }
    }

    /// <summary>A primary; the test is its worker.</summary>
    internal static async Task<Peer> PrimaryAsync(string policy)
    {
        var path = Path.Combine(Path.GetTempPath(), $"conformance-{Guid.NewGuid():N}");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        var start = new ProcessStartInfo(ScenarioRun.App, "wire") { RedirectStandardInput = true };
        start.Environment["CONFORMANCE_RELAY"] = path;
        start.Environment["NODE_CLUSTER_SCHED_POLICY"] = policy;
        var process = Process.Start(start)!;
        var relay = await listener.AcceptAsync().WaitAsync(TimeSpan.FromSeconds(20));
        File.Delete(path);
        return new Peer(process, new RawChannel(await Task.Run(() => ReceiveChannel(relay))), relay);
    }

    internal async Task TellAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>The process ends by itself, once the channel does.</summary>
    internal async Task WaitForExitAsync()
    {
        _relay?.Dispose();
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await _process.WaitForExitAsync(timeout.Token);
    }

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        _relay?.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private static FileDescriptor ReceiveChannel(Socket relay)
    {
        relay.Poll(TimeSpan.FromSeconds(20), SelectMode.SelectRead);
        Span<int> descriptors = stackalloc int[1];
        Assert.Equal(1, DescriptorMessage.Receive((int)relay.Handle, new byte[1], descriptors, out var count, out _));
        Assert.Equal(1, count);
        return new FileDescriptor(descriptors[0]);
    }
}
