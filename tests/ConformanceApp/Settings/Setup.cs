using Prefork;

namespace ConformanceApp.Settings;

/// <summary>Nothing is set until it is set up; later calls change what they name and keep the rest.</summary>
[NodeTest("test-cluster-setup-primary-cumulative")]
internal sealed class SetupCumulative : Scenario
{
    internal override Task PrimaryAsync()
    {
        Check.Equal(null, Cluster.Settings.Exec);
        Check.Equal(null, Cluster.Settings.Arguments);
        Cluster.SetupPrimary();
        var defaults = Cluster.Settings;
        Check.Equal(false, defaults.Silent);
        Cluster.SetupPrimary(settings => settings.Exec = "/overridden");
        Check.Equal("/overridden", Cluster.Settings.Exec);
        Cluster.SetupPrimary(settings => settings.Arguments = ["foo", "bar"]);
        Check.Equal("/overridden", Cluster.Settings.Exec);
        Check.Equal("foo bar", string.Join(' ', Cluster.Settings.Arguments!));
        Cluster.SetupPrimary(settings => settings.ExecArguments = ["baz", "bang"]);
        Check.Equal("baz bang", string.Join(' ', Cluster.Settings.ExecArguments!));
        Check.Equal("/overridden", Cluster.Settings.Exec);
        Check.Equal("foo bar", string.Join(' ', Cluster.Settings.Arguments!));
        Cluster.SetupPrimary();
        Check.Equal("/overridden", Cluster.Settings.Exec);
        return Task.CompletedTask;
    }
}

/// <summary>'setup' comes after each call, later, with the settings.</summary>
[NodeTest("test-cluster-setup-primary-emit")]
internal sealed class SetupEmit : Scenario
{
    internal override async Task PrimaryAsync()
    {
        var told = new List<string>();
        var setup = Must.Call("setup", 2);
        Cluster.SetUp += (_, e) =>
        {
            told.Add(string.Join(' ', e.Settings.Arguments!));
            setup.Hit();
        };
        Cluster.SetupPrimary(settings => settings.Arguments = ["first"]);
        Cluster.SetupPrimary(settings => settings.Arguments = ["second"]);
        await setup.Done.WithinPatience();
        Check.Equal("first,second", string.Join(',', told));
    }
}

/// <summary>Each call is told, and each replaces the settings: those told before stay as they were.</summary>
[NodeTest("test-cluster-setup-primary-multiple")]
internal sealed class SetupMultiple : Scenario
{
    internal override async Task PrimaryAsync()
    {
        var told = new List<ClusterSettings>();
        var setup = Must.Call("setup", 3);
        Cluster.SetUp += (_, e) =>
        {
            told.Add(e.Settings);
            setup.Hit();
        };
        foreach (var name in (string[])["a", "b", "c"])
        {
            Cluster.SetupPrimary(settings => settings.Exec = $"/{name}");
            Check.Equal($"/{name}", Cluster.Settings.Exec);
        }

        await setup.Done.WithinPatience();
        Check.Equal("/a /b /c", string.Join(' ', told.Select(settings => settings.Exec)));
    }
}

/// <summary>What was set is what the settings say, and what the worker gets.</summary>
[NodeTest("test-cluster-setup-primary")]
internal sealed class Setup : Scenario
{
    internal override async Task PrimaryAsync()
    {
        var total = 2;
        Cluster.SetUp += Must.Handle<ClusterSetUpEventArgs>("setup", e =>
        {
            Check.Equal("custom argument", e.Settings.Arguments![1]);
            Check.True(e.Settings.Silent);
        }, times: total);
        Cluster.SetupPrimary(settings =>
        {
            settings.Arguments = ["test-cluster-setup-primary", "custom argument"];
            settings.Silent = true;
        });
        for (var i = 0; i < total - 1; i++)
        {
            var worker = Cluster.Fork();
            Check.True(worker.Process.StandardOutput is not null);
            worker.MessageReceived += Must.Handle<WorkerMessageEventArgs>("message", e =>
            {
                Check.Equal("custom argument", e.Message.Get<string>());
                worker.Kill();
            });
        }

        await Must.AllAsync();
    }

    internal override async Task WorkerAsync()
    {
        await Cluster.Worker!.SendAsync(Arguments[0]);
        await base.WorkerAsync();
    }
}

/// <summary>Workers get the arguments of this process, unless others are set.</summary>
[NodeTest("test-cluster-setup-primary-argv")]
internal sealed class SetupArguments : Scenario
{
    internal override Task PrimaryAsync()
    {
        Cluster.SetupPrimary();
        var worker = Cluster.Fork();
        worker.MessageReceived += Must.Handle<WorkerMessageEventArgs>("message", e =>
        {
            Check.Equal(string.Join(' ', Environment.GetCommandLineArgs()[1..]), e.Message.Get<string>());
            worker.Kill();
        });
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", _ => { });
        return Task.CompletedTask;
    }

    internal override async Task WorkerAsync()
    {
        await Cluster.Worker!.SendAsync(string.Join(' ', Environment.GetCommandLineArgs()[1..]));
        await base.WorkerAsync();
    }
}

/// <summary>The folder is the primary's, until another is set for later forks; the primary's own stays.</summary>
[NodeTest("test-cluster-cwd")]
internal sealed class WorkingFolder : Scenario
{
    internal override async Task PrimaryAsync()
    {
        var own = Environment.CurrentDirectory;
        var other = Directory.CreateTempSubdirectory("conformance").FullName;
        try
        {
            Check.Equal(null, Cluster.Settings.WorkingDirectory);
            await WorkerIsInAsync(own);
            Cluster.SetupPrimary(settings => settings.WorkingDirectory = other);
            Check.Equal(other, Cluster.Settings.WorkingDirectory);
            Check.Equal(own, Environment.CurrentDirectory);
            await WorkerIsInAsync(other);
        }
        finally
        {
            Directory.Delete(other);
        }
    }

    internal override async Task WorkerAsync()
    {
        await Cluster.Worker!.SendAsync(Environment.CurrentDirectory);
        await base.WorkerAsync();
    }

    private static async Task WorkerIsInAsync(string folder)
    {
        var worker = Cluster.Fork();
        worker.MessageReceived += Must.Handle<WorkerMessageEventArgs>($"message of {worker.Id}", e =>
        {
            Check.Equal(folder, e.Message.Get<string>());
            worker.Disconnect();
        });
        Check.Equal(0, (await worker.WaitForExitAsync().WithinPatience()).Code);
    }
}

/// <summary>A worker has one descriptor more, when one more is set: what it writes there is read here.</summary>
[NodeTest("test-cluster-fork-stdio")]
internal sealed class ForkStdio : Scenario
{
    private const int Extra = 4;

    internal override async Task PrimaryAsync()
    {
        Cluster.SetupPrimary(settings => settings.Stdio = [Stdio.Inherit, Stdio.Inherit, Stdio.Inherit, Stdio.Channel, Stdio.Pipe]);
        var worker = Cluster.Fork();
        var pipe = worker.Process.Stdio[Extra]!;
        await pipe.WriteAsync("hello worker\n"u8.ToArray());
        using var reader = new StreamReader(pipe);
        Check.Equal("message from worker", await reader.ReadLineAsync().WithinPatience());
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        await Must.AllAsync();
    }

    internal override async Task WorkerAsync()
    {
        using var pipe = new FileStream(new Microsoft.Win32.SafeHandles.SafeFileHandle(Extra, ownsHandle: true), FileAccess.ReadWrite, bufferSize: 0);
        using var reader = new StreamReader(pipe);
        Check.Equal("hello worker", await reader.ReadLineAsync());
        await pipe.WriteAsync("message from worker\n"u8.ToArray());
    }
}
