using Prefork.Tool.Control;

namespace Prefork.Tool.UnitTests;

/// <summary><c>--all</c>: in which order applications are asked, and what one that fails does to the others.</summary>
public sealed class ForAllApplications : IDisposable
{
    private const string StateFolder = "XDG_STATE_HOME";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("prefork-test-");
    private readonly string?[] _before = [Environment.GetEnvironmentVariable(StateFolder), Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR")];
    private readonly List<string> _asked = [];

    public ForAllApplications()
    {
        Environment.SetEnvironmentVariable(StateFolder, _folder.FullName);
        Environment.SetEnvironmentVariable("XDG_RUNTIME_DIR", _folder.FullName);
    }

    [Fact]
    public async Task Stop_GoesOn_AfterOneThatFails_AndOneThatDoesNotAnswer_InTheReverseOrder()
    {
        await using var first = Start("one", 1, new ControlReply { ExitCode = ExitCodes.Success, Message = "one has stopped" });
        await using var second = Start("two", 2, new ControlReply { ExitCode = ExitCodes.Failed, Message = "two does not stop" });
        await using var third = Start("three", 3, null);
        await using var fourth = Start("four", 4, new ControlReply { ExitCode = ExitCodes.Success, Message = "four has stopped" });
        var (code, output, error) = await RunAsync("stop", "--all");
        Assert.Equal(["four stop", "three stop", "two stop", "one stop"], _asked);
        Assert.Equal(ExitCodes.Failed, code);
        Assert.Equal("four has stopped\none has stopped\n", output);
        Assert.Equal("prefork: three: the application ended before it answered.\nprefork: two does not stop\n", error);
    }

    [Fact]
    public async Task Reload_EndsAtTheFirstThatFails()
    {
        await using var first = Start("one", 1, new ControlReply { ExitCode = ExitCodes.Success, Message = "done" });
        await using var second = Start("two", 2, new ControlReply { ExitCode = ExitCodes.Failed, Message = "undone" });
        await using var third = Start("three", 3, new ControlReply { ExitCode = ExitCodes.Success, Message = "done" });
        var (code, output, error) = await RunAsync("reload", "--all");
        Assert.Equal(["one reload", "two reload"], _asked);
        Assert.Equal((ExitCodes.Failed, "done\n", "prefork: undone\n"), (code, output, error));
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(StateFolder, _before[0]);
        Environment.SetEnvironmentVariable("XDG_RUNTIME_DIR", _before[1]);
        _folder.Delete(recursive: true);
    }

    /// <param name="name">Its name.</param>
    /// <param name="second">When it was started.</param>
    /// <param name="answer">To all but <c>status</c>; null for one that hangs up instead.</param>
    private FakeApplication Start(string name, int second, ControlReply? answer) => new(name, request =>
    {
        if (request.Command == "status")
        {
            var cluster = new SupervisorStatus(SupervisorState.Healthy, 1, 1, "app", null, DateTimeOffset.UnixEpoch.AddSeconds(second), 0, [], []);
            return new ControlReply { ExitCode = ExitCodes.Success, Status = new ApplicationStatus(name, 7, null, null, cluster, null) };
        }

        _asked.Add($"{name} {request.Command}");
        return answer;
    });

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] words)
    {
        var (outputBefore, errorBefore) = (Console.Out, Console.Error);
        var (output, error) = (new StringWriter { NewLine = "\n" }, new StringWriter { NewLine = "\n" });
        Console.SetOut(output);
        Console.SetError(error);
        try
        {
            return (await CommandTree.RunAsync(words).WaitAsync(TimeSpan.FromSeconds(20)), $"{output}", $"{error}");
        }
        finally
        {
            Console.SetOut(outputBefore);
            Console.SetError(errorBefore);
        }
    }
}
