using System.Globalization;

namespace Prefork.IntegrationTests;

/// <summary>SupervisorApp, driven: a real supervisor with real workers, by default of WebApp on a port of the loopback.</summary>
internal sealed class TestSupervisor : TestProgram
{
    private const int MostLooksForProcesses = 200;

    private readonly TemporaryFolder _folder = new();

    /// <summary>Requests to hang: the worker may do so before its answer is out.</summary>
    private readonly List<(HttpClient Client, Task Request)> _hanging = [];

    private TestSupervisor(IEnumerable<string> options) : base(Programs.SupervisorApp, options)
    {
    }

    private TestSupervisor(string launcher, IEnumerable<string> arguments) : base(launcher, arguments)
    {
    }

    /// <summary>Where the workers listen; only after <see cref="StartWebAsync"/>.</summary>
    internal Uri Address { get; private set; } = null!;

    /// <summary>The same with TLS.</summary>
    private Uri SecureAddress { get; set; } = null!;

    internal static async Task<TestSupervisor> CreateAsync(params string[] options)
    {
        var supervisor = new TestSupervisor(options);
        await supervisor.ExpectAsync("primary ");
        return supervisor;
    }

    /// <summary>In a session and process group of its own, as in the foreground of a terminal.</summary>
    internal static async Task<TestSupervisor> CreateAsForegroundAsync(params string[] options)
    {
        var supervisor = new TestSupervisor("setsid", [Programs.SupervisorApp, .. options]);
        Assert.Equal($"primary {supervisor.Id}", await supervisor.ExpectAsync("primary "));
        return supervisor;
    }

    /// <summary>Workers of WebApp, all of which serve.</summary>
    internal static async Task<TestSupervisor> StartWebAsync(params string[] options)
    {
        var supervisor = await CreateAsync([$"exec={Programs.WebApp}", "output=", .. options]);
        var certificate = Path.Combine(supervisor._folder.Path, "certificate.pfx");
        await File.WriteAllBytesAsync(certificate, WebCluster.NewCertificate());
        if (!options.Any(option => option.StartsWith("args=", StringComparison.Ordinal)))
        {
            await supervisor.AskAsync(
                "launch args=--Kestrel:Endpoints:a:Url=http://127.0.0.1:0,--Kestrel:Endpoints:b:Url=https://127.0.0.1:0"
                + $",--Kestrel:Endpoints:b:Certificate:Path={certificate},--Kestrel:Endpoints:b:Certificate:Password=secret",
                "set");
        }

        await supervisor.TellAsync("start");
        await supervisor.ExpectEverAsync("started");
        var addresses = (await supervisor.ExpectEverAsync("output 0 out urls ")).Split(' ')[4..].Select(url => new Uri(url)).ToList();
        supervisor.Address = addresses.Single(address => address.Scheme == "http");
        supervisor.SecureAddress = addresses.Find(address => address.Scheme == "https")!;
        return supervisor;
    }

    /// <summary>Every kind of client at once.</summary>
    internal async Task<TestProgram> LoadAsync()
    {
        var load = new TestProgram(Programs.MixedLoad, [Address.OriginalString, SecureAddress.OriginalString, "2"]);
        await load.ExpectAsync("running");
        return load;
    }

    internal async Task<string> ExpectAsync(string what, Predicate<string> also)
        => await ExpectAsync(line => line.StartsWith(what, StringComparison.Ordinal) && also(line), what);

    /// <summary>Tells, and waits for the answer.</summary>
    internal async Task<string> AskAsync(string command, string answer, TimeSpan? patience = null)
    {
        await TellAsync(command);
        return await ExpectAsync(answer, patience);
    }

    internal async Task<Status> StatusAsync()
    {
        // For an instant a worker that starts has no process yet: its program is read elsewhere.
        var status = Status.Read(await AskAsync("status", "status "));
        for (var i = 0; i < MostLooksForProcesses && status.Workers.Any(static worker => worker.Pid == 0); i++)
        {
            status = Status.Read(await AskAsync("status", "status "));
        }

        return status;
    }

    /// <summary>Asks again and again until it is so.</summary>
    internal async Task<Status> UntilAsync(Predicate<Status> isSo)
    {
        Status status = null!;
        await Scheduling.EventuallyAsync(async () => isSo(status = await StatusAsync()), () => $"It did not come about. Last: {string.Join('\n', Seen.Where(line => !line.StartsWith("status ", StringComparison.Ordinal)).TakeLast(60))}\n{Seen[^1]}");
        return status;
    }

    /// <summary>By a connection of its own: id, slot, generation, and folder of the worker that serves it.</summary>
    internal async Task<(int Id, int Slot, int Generation, string Folder)> WhoAsync()
    {
        var words = (await GetAsync("/who")).Split(' ');
        return (Number(words[0]), Number(words[1]), Number(words[2]), words[3]);
    }

    internal async Task<string> GetAsync(string path)
    {
        using var client = new HttpClient { Timeout = Patience };
        return await client.GetStringAsync(new Uri(Address, path));
    }

    internal async Task SignalAsync(int worker, int signal)
    {
        var status = await UntilAsync(status => status.Workers.Any(one => one.Id == worker));
        var pid = status.Workers.Single(one => one.Id == worker).Pid;

        // 0 is the group of this very process.
        Assert.True(pid > 0);
        Native.Kill(pid, signal);
    }

    /// <summary>Ends when it has been told to. That it hangs is for the supervisor to find out.</summary>
    internal async Task HangAsync(int worker)
    {
        // Which worker a connection goes to is the policy's: asks until it is the one.
        for (var i = 0; ; i++)
        {
            var client = new HttpClient();
            if ((await client.GetStringAsync(new Uri(Address, "/who"))).StartsWith($"{worker} ", StringComparison.Ordinal))
            {
                _hanging.Add((client, client.GetStringAsync(new Uri(Address, "/behave?how=hang"))));
                return;
            }

            client.Dispose();
            Assert.True(i < 100);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        foreach (var (client, request) in _hanging)
        {
            client.Dispose();
            await request.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _folder.Dispose();
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    internal sealed record Status(string State, int Generation, int Desired, int Restarts, string Program, IReadOnlyList<Worker> Workers)
    {
        internal static Status Read(string line)
        {
            var words = line.Split(' ');
            string Value(int index) => words[index].Split('=', 2)[1];
            return new Status(words[1], Number(Value(2)), Number(Value(3)), Number(Value(4)), Value(5),
                [.. Value(6).Split(',', StringSplitOptions.RemoveEmptyEntries).Select(text => text.Split(':')).Select(parts =>
                    new Worker(Number(parts[0]), Number(parts[1]), Number(parts[2]), parts[3], parts[4].Length > 0 ? Number(parts[4]) : 0))]);
        }
    }

    internal sealed record Worker(int Id, int Slot, int Generation, string Phase, int Pid);
}
