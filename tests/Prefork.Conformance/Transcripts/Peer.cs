using System.Collections;
using System.Net.Sockets;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Prefork.Native;
using Prefork.Processes;

namespace Prefork.Conformance.Transcripts;

/// <summary>A process of ours, and the other end of its channel in the test's hands.</summary>
internal sealed class Peer : IAsyncDisposable
{
    private readonly ProcessHandle _process;
    private readonly FileDescriptor? _input;
    private readonly Socket? _relay;
    private bool _ended;

    private Peer(ProcessHandle process, RawChannel channel, FileDescriptor? input, Socket? relay)
    {
        _process = process;
        _input = input;
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
            var process = Start([null, null, null, theirs], "NODE_CHANNEL_FD=3", "NODE_CHANNEL_SERIALIZATION_MODE=json", "NODE_UNIQUE_ID=1");
            return new Peer(process, new RawChannel(ours), null, null);
        }
    }

    /// <summary>A primary; the test is its worker.</summary>
    internal static async Task<Peer> PrimaryAsync(string policy)
    {
        var path = Path.Combine(Path.GetTempPath(), $"conformance-{Guid.NewGuid():N}");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        var (read, write) = SocketPair.Pipe();
        using (read)
        {
            var process = Start([read, null, null], $"CONFORMANCE_RELAY={path}", $"NODE_CLUSTER_SCHED_POLICY={policy}");
            var relay = await listener.AcceptAsync().WaitAsync(Readiness.Patience);
            File.Delete(path);
            return new Peer(process, new RawChannel(ReceiveChannel(relay)), write, relay);
        }
    }

    internal void Tell(string line)
    {
        using var input = new FileStream(new SafeFileHandle(_input!.Number, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        input.Write(Encoding.UTF8.GetBytes($"{line}\n"));
    }

    /// <summary>What the kernel says that the process is doing, for when it does not do what it should.</summary>
    internal string Describe()
    {
        try
        {
            var status = File.ReadLines($"/proc/{_process.Pid}/status").Where(line => line.StartsWith("State:", StringComparison.Ordinal) || line.StartsWith("Threads:", StringComparison.Ordinal));
            var threads = Directory.GetDirectories($"/proc/{_process.Pid}/task").Select(task => File.ReadAllText($"{task}/comm").Trim());
            return $"process {_process.Pid}: {string.Join(' ', status)}: {string.Join(", ", threads)}";
        }
        catch (IOException exception)
        {
            return $"process {_process.Pid}: {exception.Message}";
        }
    }

    /// <summary>The process ends by itself, once the channel does.</summary>
    internal async Task WaitForExitAsync()
    {
        _relay?.Dispose();
        Assert.True(await Task.Run(HasExited), "The process has not ended.");
    }

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        _input?.Dispose();
        _relay?.Dispose();
        if (!_ended)
        {
            _process.TrySignal(Signal.SIGKILL);
            await Task.Run(HasExited);
        }

        _process.Dispose();
    }

    private static ProcessHandle Start(IReadOnlyList<FileDescriptor?> descriptors, params string[] variables)
    {
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(entry => $"{entry.Key}={entry.Value}").Concat(variables);
        return new ProcessHandle(Spawner.Start(new ProgramCommand(ScenarioRun.App, ["wire"]), environment, null, descriptors));
    }

    private bool HasExited() => _ended = Readiness.Wait(_process.Descriptor) && _process.TryReap(out _, out _);

    private static FileDescriptor ReceiveChannel(Socket relay)
    {
        Assert.True(relay.Poll(Readiness.Patience, SelectMode.SelectRead));
        Span<int> descriptors = stackalloc int[1];
        Assert.Equal(1, DescriptorMessage.Receive((int)relay.Handle, new byte[1], descriptors, out var count, out _));
        Assert.Equal(1, count);
        return new FileDescriptor(descriptors[0]);
    }
}
