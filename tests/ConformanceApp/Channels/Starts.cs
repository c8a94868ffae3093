using Prefork;

namespace ConformanceApp.Channels;

/// <summary>A worker has the primary's environment, without what is taken away.</summary>
[NodeTest("test-child-process-env")]
internal sealed class EnvironmentOfChildren : Scenario
{
    internal override Task PrimaryAsync()
    {
        Environment.SetEnvironmentVariable("INHERITED", "inherited");
        Environment.SetEnvironmentVariable("REMOVED", "removed");
        var worker = Cluster.Fork(new Dictionary<string, string?> { ["HELLO"] = "WORLD", ["REMOVED"] = null, ["EMPTY"] = "" });
        worker.MessageReceived += Must.Handle<WorkerMessageEventArgs>("message", e => Check.Equal("WORLD|inherited||True", e.Message.Get<string>()));
        return Task.CompletedTask;
    }

    internal override async Task WorkerAsync()
    {
        var variables = Environment.GetEnvironmentVariables();
        await Cluster.Worker!.SendAsync($"{variables["HELLO"]}|{variables["INHERITED"]}|{variables["REMOVED"]}|{variables.Contains("EMPTY")}");
        await base.WorkerAsync();
    }
}

/// <summary>A worker's own child does not get the channel, and is no worker.</summary>
[NodeTest("test-child-process-fork-and-spawn")]
internal sealed class ForkAndSpawn : Scenario
{
    internal override async Task PrimaryAsync()
    {
        if (Arguments is ["child"])
        {
            Check.True(Cluster.IsPrimary);
            return;
        }

        var worker = Cluster.Fork();
        Check.Equal(0, (await worker.WaitForExitAsync().WithinPatience()).Code);
    }

    internal override async Task WorkerAsync()
    {
        using var child = Child.Start("test-child-process-fork-and-spawn", "child");
        await child.WaitForExitAsync();
        Check.Equal(0, child.ExitCode);
    }
}

/// <summary>The program's path and its arguments are those that are set; what is no program is an error of the worker's.</summary>
[NodeTest("test-child-process-fork-args")]
internal sealed class ForkArguments : Scenario
{
    internal override async Task PrimaryAsync()
    {
        var missing = Must.Call("error of a program that does not exist");
        Cluster.Error += (_, e) =>
        {
            Check.True(e.Exception is FileNotFoundException);
            missing.Hit();
        };
        Cluster.SetupPrimary(settings => settings.Exec = "/no/such/program");
        Check.Equal(null, Cluster.Fork().Process.Id);
        await missing.Done.WithinPatience();
        Cluster.SetupPrimary(settings =>
        {
            settings.Exec = Program;
            settings.Arguments = ["test-child-process-fork-args", "foo", "", "a b"];
        });
        var worker = Cluster.Fork();
        worker.MessageReceived += Must.Handle<WorkerMessageEventArgs>("message", e => Check.Equal("foo||a b", e.Message.Get<string>()));
    }

    internal override async Task WorkerAsync()
    {
        await Cluster.Worker!.SendAsync(string.Join('|', Arguments));
        await base.WorkerAsync();
    }
}

/// <summary>Options for what runs the program stand before it.</summary>
[NodeTest("test-child-process-fork-exec-argv")]
internal sealed class ExecArguments : Scenario
{
    internal override Task PrimaryAsync()
    {
        Cluster.SetupPrimary(settings =>
        {
            settings.Exec = $"{Program}.dll";
            settings.ExecArguments = ["--roll-forward", "Major"];
        });
        Cluster.Fork().MessageReceived += Must.Handle<WorkerMessageEventArgs>("message", e =>
        {
            var line = e.Message.Get<string[]>()!;
            Check.Equal("--roll-forward Major", string.Join(' ', line[1..3]));
            Check.Equal($"{Program}.dll", line[3]);
        });
        return Task.CompletedTask;
    }

    internal override async Task WorkerAsync()
    {
        await Cluster.Worker!.SendAsync((await File.ReadAllTextAsync("/proc/self/cmdline")).Split('\0'));
        await base.WorkerAsync();
    }
}

/// <summary>What is run is the program that is set.</summary>
[NodeTest("test-child-process-fork-exec-path")]
internal sealed class ExecPath : Scenario
{
    internal override async Task PrimaryAsync()
    {
        using var folder = new TemporaryFolder();
        var copy = folder.File("another");
        await File.WriteAllTextAsync(copy, $"#!/bin/sh\nCOPY=$0 exec {Program} \"$@\"\n");
        File.SetUnixFileMode(copy, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Cluster.SetupPrimary(settings => settings.Exec = copy);
        Cluster.Fork().MessageReceived += Must.Handle<WorkerMessageEventArgs>("message", e => Check.Equal(copy, e.Message.Get<string>()));
        await Must.AllAsync();
    }

    internal override async Task WorkerAsync()
    {
        await Cluster.Worker!.SendAsync(Environment.GetEnvironmentVariable("COPY"));
        await base.WorkerAsync();
    }
}

/// <summary>The fork is told before anything that the worker does.</summary>
[NodeTest("test-child-process-spawn-event")]
internal sealed class SpawnEvent : Scenario
{
    internal override async Task PrimaryAsync()
    {
        var told = new List<string>();
        Cluster.Forked += Must.Handle<WorkerEventArgs>("fork", e =>
        {
            Check.True(e.Worker.Process.Id > 0);
            told.Add("fork");
        });
        Cluster.Exited += Must.Handle<WorkerExitedEventArgs>("exit", _ => told.Add("exit"));
        Cluster.MessageReceived += Must.Handle<WorkerMessageEventArgs>("message", _ => told.Add("message"));
        Cluster.Fork();
        await Must.AllAsync();
        Check.Equal("fork message exit", string.Join(' ', told));
    }

    internal override async Task WorkerAsync() => await Cluster.Worker!.SendAsync("here");
}

/// <summary>Another user is for the privileged.</summary>
[NodeTest("test-child-process-uid-gid")]
internal sealed class UserAndGroup : Scenario
{
    internal override Task PrimaryAsync()
    {
        Cluster.SetupPrimary(settings => settings.UserId = 0);
        Check.Throws<UnauthorizedAccessException>(() => Cluster.Fork());
        Cluster.SetupPrimary(settings =>
        {
            settings.UserId = null;
            settings.GroupId = 0;
        });
        Check.Throws<UnauthorizedAccessException>(() => Cluster.Fork());
        return Task.CompletedTask;
    }
}

/// <summary>No descriptors left: the worker does not start, which is an error, and no exit.</summary>
[NodeTest("test-child-process-emfile")]
internal sealed class OutOfDescriptors : Scenario
{
    internal override async Task PrimaryAsync()
    {
        Cluster.Error += Must.Handle<WorkerErrorEventArgs>("error", e => Check.Equal(1, e.Worker?.Id));
        Cluster.Exited += Must.Never<WorkerExitedEventArgs>("exit");

        // Once that is told, the loop runs, and the runtime has loaded what it needs: without descriptors it cannot.
        var running = new TaskCompletionSource();
        Cluster.SetUp += (_, _) => running.TrySetResult();
        Cluster.SetupPrimary();
        await running.Task.WithinPatience();
        var taken = Kernel.ExhaustDescriptors();
        var worker = Cluster.Fork();
        taken.ForEach(handle => handle.Dispose());
        Check.Equal(null, worker.Process.Id);
        await Must.AllAsync();
    }
}

/// <summary>What a silent worker writes is read by the primary; messages come as ever.</summary>
[NodeTest("test-child-process-silent")]
internal sealed class Silent : Scenario
{
    internal override async Task PrimaryAsync()
    {
        Cluster.SetupPrimary(settings => settings.Silent = true);
        var worker = Cluster.Fork();
        worker.MessageReceived += Must.Handle<WorkerMessageEventArgs>("message", e => Check.Equal("testing IPC", e.Message.Get<string>()));
        using var output = new StreamReader(worker.Process.StandardOutput!);
        using var errors = new StreamReader(worker.Process.StandardError!);
        Check.Equal("to stdout", await output.ReadLineAsync().WithinPatience());
        Check.Equal("to stderr", await errors.ReadLineAsync().WithinPatience());
        await worker.Process.StandardInput!.WriteAsync("to stdin\n"u8.ToArray());
        Check.Equal("heard to stdin", await output.ReadLineAsync().WithinPatience());
    }

    internal override async Task WorkerAsync()
    {
        Console.WriteLine("to stdout");
        await Console.Error.WriteLineAsync("to stderr");
        Console.WriteLine($"heard {await Console.In.ReadLineAsync()}");
        await Cluster.Worker!.SendAsync("testing IPC");
        await base.WorkerAsync();
    }
}
