using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Prefork.IntegrationTests;

/// <summary>Workers listen through the primary on whatever a process can listen on, under every policy.</summary>
public class Listening
{
    public static TheoryData<string, string> EndPointsByPolicy()
    {
        var data = new TheoryData<string, string>();
        foreach (var policy in new[] { "rr", "none", "least" })
        {
            foreach (var endPoint in new[] { "127.0.0.1:0", "[::1]:0", "[::1]:0 v6only", "port:0", "host:localhost:0", "unix:{folder}/a.sock", "unix:@prefork-test-{unique}", "fd:{fd}" })
            {
                data.Add(policy, endPoint);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(EndPointsByPolicy))]
    public async Task TwoWorkersShareAListener_AndBothServe(string policy, string what)
    {
        using var folder = new TemporaryFolder();
        await using var cluster = await TestCluster.StartAsync($"policy {policy}");
        await cluster.ExpectAsync("policy");
        if (what.Contains("{fd}", StringComparison.Ordinal))
        {
            await cluster.TellAsync("openfd");
            what = $"fd:{(await cluster.ExpectAsync("openfd ")).Split(' ')[1]}";
        }

        what = what.Replace("{folder}", folder.Path, StringComparison.Ordinal).Replace("{unique}", $"{cluster.Id}", StringComparison.Ordinal);
        await cluster.ForkAsync();
        await cluster.ForkAsync();
        var endPoint = await cluster.ListenAsync(1, what);
        var second = await cluster.ListenAsync(2, what);
        if (what.StartsWith("fd:", StringComparison.Ordinal))
        {
            endPoint = IPEndPoint.Parse(cluster.Seen.First(line => line.StartsWith("openfd", StringComparison.Ordinal)).Split(' ')[2]);
        }
        else
        {
            Assert.Equal($"{endPoint}", $"{second}");
        }

        endPoint = endPoint is IPEndPoint { Address: var address } any && address.Equals(IPAddress.IPv6Any) ? new IPEndPoint(IPAddress.Loopback, any.Port) : endPoint;
        var served = new HashSet<int>();
        for (var i = 0; i < 200 && served.Count < 2; i++)
        {
            served.Add(await EchoClient.WhoServesAsync(endPoint));
        }

        Assert.Subset(new HashSet<int> { 1, 2 }, served);
        if (policy != "none")
        {
            Assert.Equal(2, served.Count);
        }
    }

    [Fact]
    public async Task SeveralListenersInOneWorker_EachHasItsOwnPort_AndWorkersAgree()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        await cluster.ForkAsync();
        var first = await cluster.ListenAsync(1, "127.0.0.1:0", "a");
        var second = await cluster.ListenAsync(1, "127.0.0.1:0", "b");
        Assert.NotEqual(first, second);
        Assert.Equal(first, await cluster.ListenAsync(2, "127.0.0.1:0", "a"));
        Assert.Equal(second, await cluster.ListenAsync(2, "127.0.0.1:0", "b"));
    }

    [Fact]
    public async Task AnExclusiveListener_IsTheWorkersOwn_AndThePrimaryHearsNothing()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        await cluster.ForkAsync();
        var first = await cluster.ListenAsync(1, "127.0.0.1:0 exclusive");
        var second = await cluster.ListenAsync(2, "127.0.0.1:0 exclusive");
        Assert.NotEqual(first, second);
        Assert.Equal(1, await EchoClient.WhoServesAsync(first));
        Assert.DoesNotContain(cluster.Seen, line => line.StartsWith("listening", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("rr")]
    [InlineData("none")]
    public async Task AnAddressInUse_ReachesTheWorkerThatAsked_AndNobodyElse(string policy)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        await using var cluster = await TestCluster.StartAsync($"policy {policy}");
        await cluster.ForkAsync();
        await cluster.ForkAsync();
        await cluster.TellAsync($"send 1 listen a {taken.LocalEndpoint}");

        // The primary says so, and who has it, before the worker can end for it.
        Assert.Equal($"listenfailed 1 could not listen on {taken.LocalEndpoint}: in use by pid {Environment.ProcessId}", await cluster.ExpectAsync("listenfailed "));
        Assert.Contains("AddressAlreadyInUse SocketException", await cluster.ExpectAsync("message 1 cannot a"), StringComparison.Ordinal);

        // The failure is not remembered: the next one to ask gets it.
        taken.Stop();
        await cluster.ListenAsync(2, $"{taken.LocalEndpoint}");
        await cluster.ListenAsync(1, $"{taken.LocalEndpoint}");
        Assert.DoesNotContain(cluster.Seen, line => line.StartsWith("error", StringComparison.Ordinal) || line.StartsWith("message 2 cannot", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ASecondListenOnTheSamePortInOneWorker_IsAddressInUse()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        var port = FreePort();
        await cluster.ListenAsync(1, $"127.0.0.1:{port}", "a");
        await cluster.TellAsync($"send 1 listen b 127.0.0.1:{port}");
        Assert.Contains("AddressAlreadyInUse", await cluster.ExpectAsync("message 1 cannot b"), StringComparison.Ordinal);
        Assert.Equal(1, await EchoClient.WhoServesAsync(new IPEndPoint(IPAddress.Loopback, port)));
    }

    [Fact]
    public async Task AnAddressOfAnotherMachine_IsAddressNotAvailable()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        await cluster.TellAsync("send 1 listen a 203.0.113.1:0");
        Assert.EndsWith("203.0.113.1:0: no interface of this machine has the address", await cluster.ExpectAsync("listenfailed 1 "), StringComparison.Ordinal);
        Assert.Contains("AddressNotAvailable", await cluster.ExpectAsync("message 1 cannot a"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AForbiddenPort_IsAccessDenied()
    {
        await using var cluster = StartUnprivileged();
        await cluster.ExpectAsync("primary ");
        await cluster.TellAsync("fork");
        await cluster.ExpectAsync("online 1");
        await cluster.TellAsync("send 1 listen a 127.0.0.1:42");
        Assert.Contains("AccessDenied", await cluster.ExpectAsync("message 1 cannot a"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheBacklog_IsTheOneAskedFor()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        var endPoint = await cluster.ListenAsync(1, "127.0.0.1:0 backlog=77");
        using var ss = Process.Start(new ProcessStartInfo("ss", $"-Hltn sport = :{((IPEndPoint)endPoint).Port}") { RedirectStandardOutput = true })!;
        var line = await ss.StandardOutput.ReadToEndAsync();
        Assert.Equal("77", line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[2]);
    }

    [Fact]
    public async Task V6Only_LeavesTheV4PortFree()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        var endPoint = (IPEndPoint)await cluster.ListenAsync(1, "[::]:0 v6only");
        using var v4 = new TcpListener(IPAddress.Any, endPoint.Port);
        v4.Start();
        Assert.Equal(1, await EchoClient.WhoServesAsync(new IPEndPoint(IPAddress.IPv6Loopback, endPoint.Port)));
    }

    [Fact]
    public async Task AUnixPath_IsRelativeToTheWorker_AndGoneAfterTheLastOne()
    {
        using var folder = new TemporaryFolder();
        await using var cluster = await TestCluster.StartAsync($"setup cwd={folder.Path}");
        await cluster.ForkAsync();
        await cluster.ListenAsync(1, "unix:relative.sock writable readable");
        var path = System.IO.Path.Combine(folder.Path, "relative.sock");
        Assert.True(File.Exists(path));
        Assert.Equal((UnixFileMode)0b110_110_110, File.GetUnixFileMode(path) & (UnixFileMode)0b110_110_110);
        Assert.Equal(1, await EchoClient.WhoServesAsync(new UnixDomainSocketEndPoint(path)));
        await cluster.TellAsync("disconnect 1");
        await cluster.ExpectAsync("exit 1 code=0");
        await cluster.ForkAsync();
        Assert.False(File.Exists(path));
    }

    [Fact]
    public async Task AUnixPathLeftBehindByADeadProcess_IsTakenOver_AndALivingOneIsNot()
    {
        using var folder = new TemporaryFolder();
        var path = System.IO.Path.Combine(folder.Path, "stale.sock");
        await using (var dead = await TestCluster.StartAsync())
        {
            await dead.ForkAsync();
            await dead.ListenAsync(1, $"unix:{path}");
            dead.Signal(Native.SigKill);
            await dead.WaitForExitAsync();
        }

        Assert.True(File.Exists(path));
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        await cluster.ListenAsync(1, $"unix:{path}");
        Assert.Equal(1, await EchoClient.WhoServesAsync(new UnixDomainSocketEndPoint(path)));

        await using var other = await TestCluster.StartAsync();
        await other.ForkAsync();
        await other.TellAsync($"send 1 listen a unix:{path}");
        Assert.Equal($"listenfailed 1 could not listen on {path}: in use by pid {cluster.Id}", await other.ExpectAsync("listenfailed "));
        Assert.Contains("AddressAlreadyInUse", await other.ExpectAsync("message 1 cannot a"), StringComparison.Ordinal);

        var file = System.IO.Path.Combine(folder.Path, "a-file");
        await File.WriteAllTextAsync(file, "");
        await other.TellAsync($"send 1 listen b unix:{file}");
        Assert.Contains("AddressAlreadyInUse", await other.ExpectAsync("message 1 cannot b"), StringComparison.Ordinal);
        Assert.True(File.Exists(file));
    }

    [Fact]
    public async Task AUnixPathWhoseOwnerIsTooBusyToAccept_IsInUse_AndThePrimaryGoesOn()
    {
        using var folder = new TemporaryFolder();
        var path = System.IO.Path.Combine(folder.Path, "busy.sock");
        using var busy = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        busy.Bind(new UnixDomainSocketEndPoint(path));
        busy.Listen(1);
        var clients = FillBacklog(path);
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkReadyAsync();
        await cluster.TellAsync($"send 1 listen a unix:{path}");
        Assert.Contains("AddressAlreadyInUse", await cluster.ExpectAsync("message 1 cannot a"), StringComparison.Ordinal);
        await cluster.TellAsync("request 1 shout still");
        await cluster.ExpectAsync("reply STILL");
        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task AStaleUnixPathThatMayNotBeDeleted_IsAccessDenied_ForTheWorkerThatAsked()
    {
        using var folder = new TemporaryFolder();
        var path = System.IO.Path.Combine(folder.Path, "stale.sock");
        LeaveBehind(path);
        File.SetUnixFileMode(path, (UnixFileMode)0b111_111_111);
        File.SetUnixFileMode(folder.Path, (UnixFileMode)0b101_101_101);
        await using var cluster = StartUnprivileged();
        await cluster.ExpectAsync("primary ");
        await cluster.TellAsync("fork");
        await cluster.ExpectAsync("online 1");
        await cluster.TellAsync($"send 1 listen a unix:{path}");
        Assert.Contains("AccessDenied", await cluster.ExpectAsync("message 1 cannot a"), StringComparison.Ordinal);
        await cluster.TellAsync("send 1 say alive");
        await cluster.ExpectAsync("message 1 alive");
        Assert.DoesNotContain(cluster.Seen, line => line.StartsWith("error", StringComparison.Ordinal));
        File.SetUnixFileMode(folder.Path, (UnixFileMode)0b111_000_000);
    }

    [Fact]
    public async Task AUnixPathTooLongForAnAddress_IsInvalid_ForTheWorkerThatAsked()
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.TellAsync($"fork WORKER_KIND=hostile HOSTILE=path HOSTILE_PATH=\\u0000{new string('x', 200)}");
        await cluster.ExpectAsync("exit 1 code=10");
        Assert.DoesNotContain(cluster.Seen, line => line.StartsWith("error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AUnixPathBoundByAnotherCluster_IsInUse_BeforeItsWorkersListen()
    {
        using var folder = new TemporaryFolder();
        var path = System.IO.Path.Combine(folder.Path, "first.sock");
        await using var first = await TestCluster.StartAsync("policy none");
        await first.ForkAsync($"WORKER_KIND=hostile HOSTILE=path HOSTILE_PATH={path}");
        await Scheduling.EventuallyAsync(() => Task.FromResult(File.Exists(path)));
        await using var second = await TestCluster.StartAsync("policy none");
        await second.ForkAsync();
        await second.TellAsync($"send 1 listen a unix:{path}");
        Assert.Contains("AddressAlreadyInUse", await second.ExpectAsync("message 1 cannot a"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rr")]
    [InlineData("none")]
    public async Task AUnixPathThatIsSomebodyElsesMeanwhile_IsLeftToHim(string policy)
    {
        using var folder = new TemporaryFolder();
        var path = System.IO.Path.Combine(folder.Path, "handed-on.sock");
        await using var first = await TestCluster.StartAsync($"policy {policy}");
        await first.ForkAsync();
        await first.ListenAsync(1, $"unix:{path}");
        File.Delete(path);
        await using var second = await TestCluster.StartAsync($"policy {policy}");
        await second.ForkAsync();
        var endPoint = await second.ListenAsync(1, $"unix:{path}");
        await first.TellAsync("disconnectall");
        await first.ExpectAsync("alldisconnected");
        await Scheduling.EventuallyAsync(() => Task.FromResult(!Scheduling.HasThread(first.Id, "prefork accept")));
        Assert.Equal(1, await EchoClient.WhoServesAsync(endPoint));
        await second.TellAsync("disconnectall");
        await second.ExpectAsync("alldisconnected");
        await Scheduling.EventuallyAsync(() => Task.FromResult(!File.Exists(path)));
    }

    [Fact]
    public async Task AnExclusiveUnixPath_IsRemovedByItsWorker()
    {
        using var folder = new TemporaryFolder();
        var path = System.IO.Path.Combine(folder.Path, "own.sock");
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        Assert.Equal(1, await EchoClient.WhoServesAsync(await cluster.ListenAsync(1, $"unix:{path} exclusive")));
        Assert.True(File.Exists(path));
        await cluster.TellAsync("send 1 dispose a");
        await cluster.ExpectAsync("message 1 disposed a");
        Assert.False(File.Exists(path));
    }

    [Fact]
    public async Task AProcessThatIsNoWorker_SimplyListens()
    {
        await using var cluster = await TestCluster.StartAsync("listen a 127.0.0.1:0");
        var line = await cluster.ExpectAsync("listens a ");
        Assert.Equal(0, await EchoClient.WhoServesAsync(IPEndPoint.Parse(line.Split(' ')[2])));
    }

    [Fact]
    public async Task AListenerStopped_FreesThePort_WhenItWasTheLast()
    {
        await using var cluster = await TestCluster.StartAsync();
        var endPoint = await cluster.ListenAllAsync(2);
        await cluster.TellAsync("send 1 stop a");
        await cluster.ExpectAsync("message 1 ended a");
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(2, await EchoClient.WhoServesAsync(endPoint));
        }

        await cluster.TellAsync("send 2 stop a");
        await cluster.ExpectAsync("message 2 ended a");
        await cluster.TellAsync("send 2 say after");
        await cluster.ExpectAsync("message 2 after");
        await AssertRefusedAsync(endPoint);
    }

    [Theory]
    [InlineData("127.0.0.1:{port}")]
    [InlineData("unix:{folder}/again.sock")]
    public async Task AListenerDisposed_CanBeOpenedAgainAtOnce(string what)
    {
        using var folder = new TemporaryFolder();
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        what = what.Replace("{port}", $"{FreePort()}", StringComparison.Ordinal).Replace("{folder}", folder.Path, StringComparison.Ordinal);
        for (var i = 0; i < 20; i++)
        {
            var endPoint = await cluster.ListenAsync(1, what);
            Assert.Equal(1, await EchoClient.WhoServesAsync(endPoint));
            await cluster.TellAsync("send 1 dispose a");
            await cluster.ExpectAsync("message 1 disposed a");
        }
    }

    [Theory]
    [InlineData("fd:0")]
    [InlineData("fd:3000")]
    public async Task ADescriptorThatIsNoListeningSocket_IsRefused(string what)
    {
        await using var cluster = await TestCluster.StartAsync();
        await cluster.ForkAsync();
        await cluster.TellAsync($"send 1 listen a {what}");
        Assert.Contains("InvalidArgument", await cluster.ExpectAsync("message 1 cannot a"), StringComparison.Ordinal);
    }

    /// <summary>A number is no right: the sockets of the primary, its program's and the library's, are nobody else's.</summary>
    [Fact]
    public async Task ASocketOfThePrimarysThatIsNotOffered_IsRefused_AndMadeToListenByNobody()
    {
        await using var cluster = await TestCluster.StartAsync("openfd keep");
        var words = (await cluster.ExpectAsync("openfd ")).Split(' ');
        await cluster.ForkReadyAsync();
        await cluster.TellAsync($"send 1 listen a fd:{words[1]}");
        Assert.Contains("OfferSocket", await cluster.ExpectAsync("message 1 cannot a InvalidArgument"), StringComparison.Ordinal);
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await Assert.ThrowsAsync<SocketException>(() => client.ConnectAsync(IPEndPoint.Parse(words[2])));

        // Every number there is, as if it were one to listen on: 66 when one is given.
        await cluster.TellAsync("openfd keep");
        await cluster.TellAsync("listen b 127.0.0.1:0");
        await cluster.ExpectAsync("listens b ");
        await cluster.TellAsync("fork WORKER_KIND=hostile HOSTILE=stealstreams");
        await cluster.ExpectAsync("exit 2 code=7");
    }

    [Fact]
    public async Task AnInheritedSocket_IsListenedOnByItsNumber()
    {
        using var folder = new TemporaryFolder();
        var script = await folder.WriteAsync("activates.js", """
            const server = require('node:net').createServer().listen(0, '127.0.0.1', () => {
              const child = require('node:child_process').spawn(process.argv[2], { stdio: ['inherit', 'inherit', 'inherit', server._handle.fd] });
              child.on('exit', code => process.exit(code));
              console.log(`inherits ${server.address().port}`);
              server.close();
            });
            """);
        await using var cluster = new TestProgram("node", [script, Programs.ClusterApp]);
        var port = int.Parse((await cluster.ExpectEverAsync("inherits ")).Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        await cluster.ExpectEverAsync("primary ");
        await cluster.TellAsync("fork");
        await cluster.ExpectAsync("online 1");
        await cluster.TellAsync("send 1 listen a fd:3");
        await cluster.ExpectAsync("message 1 listens a ");
        Assert.Equal(1, await EchoClient.WhoServesAsync(new IPEndPoint(IPAddress.Loopback, port)));
        await cluster.TellAsync("quit");
        Assert.Equal(0, await cluster.WaitForExitAsync());
    }

    /// <summary>Root may do anything, so the primary runs as nobody; who is not root already may not.</summary>
    internal static TestProgram StartUnprivileged()
    {
        var asNobody = Environment.UserName == "root";
        return new TestProgram(
            asNobody ? "setpriv" : Programs.ClusterApp,
            asNobody ? ["--reuid=65534", "--regid=65534", "--clear-groups", "--", Programs.ClusterApp] : []);
    }

    /// <summary>A socket's file without its socket.</summary>
    private static void LeaveBehind(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint($"{path}.bound"));

        // .NET deletes the name that it has bound.
        File.Move($"{path}.bound", path);
    }

    /// <summary>Connects until the kernel would let the next one wait.</summary>
    private static List<Socket> FillBacklog(string path)
    {
        var clients = new List<Socket>();
        while (true)
        {
            var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
            clients.Add(client);
            try
            {
                client.Connect(new UnixDomainSocketEndPoint(path));
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.WouldBlock)
            {
                return clients;
            }
        }
    }

    internal static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    /// <summary>The socket closes on a thread of its own, a moment after the last worker has left.</summary>
    internal static async Task AssertRefusedAsync(EndPoint endPoint)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var client = await EchoClient.ConnectAsync(endPoint);
                Assert.True(clock.Elapsed < TestProgram.Patience, $"{endPoint} still takes connections.");
            }
            catch (SocketException exception)
            {
                if (exception.SocketErrorCode == SocketError.ConnectionRefused)
                {
                    return;
                }

                // It came into the backlog in the instant of the close.
                Assert.Equal(SocketError.ConnectionReset, exception.SocketErrorCode);
            }
        }
    }
}

internal sealed class TemporaryFolder : IDisposable
{
    internal string Path { get; } = Directory.CreateTempSubdirectory("prefork-test-").FullName;

    /// <summary>Returns the file's path.</summary>
    internal async Task<string> WriteAsync(string name, string text)
    {
        var file = System.IO.Path.Combine(Path, name);
        await File.WriteAllTextAsync(file, text);
        return file;
    }

    /// <remarks>Any number of times: a program that did not say what was expected is disposed before its test is.</remarks>
    public void Dispose()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
