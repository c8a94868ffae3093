using System.Collections.Concurrent;
using Prefork.Tests.Supervision;
using Prefork.Tool.Control;

namespace Prefork.Tool.UnitTests;

/// <summary>What another user can do to root's <c>list</c> has bounds.</summary>
public class SurveyTests
{
    private readonly ManualTime _time = new();
    private readonly ConcurrentQueue<(RunningApplication Application, TaskCompletionSource<ApplicationStatus> Answer)> _asked = new();

    [Fact]
    public async Task OfOneUser_FewAreAskedAtOnce_AndSomeAtAll()
    {
        var survey = AskAsync([], Of("anna", 1000, 100));
        for (var i = 0; i < Survey.MostOfOneUser; i += Survey.AtOnceOfOneUser)
        {
            await AreAskedAsync(Survey.AtOnceOfOneUser);
            while (_asked.TryDequeue(out var one))
            {
                one.Answer.SetResult(StatusOf(one.Application));
            }
        }

        var result = await survey.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(Survey.MostOfOneUser, result.Applications.Count);
        Assert.Equal("anna/app00", result.Applications[0].FullName);
        Assert.Equal("anna has 68 more: 32 of one user are asked. 'prefork describe anna/NAME' asks one.", Assert.Single(result.Complaints));
        Assert.Empty(_asked);
    }

    [Fact]
    public async Task ManyUsers_AreAskedAFewAtATime()
    {
        var survey = AskAsync(Of(null, 0, 2), [.. Enumerable.Range(0, 10).SelectMany(user => Of($"user{user}", 1000 + (uint)user, 5))]);
        await AreAskedAsync(2 + (Survey.UsersAtOnce * Survey.AtOnceOfOneUser));
        for (var answered = 0; answered < 52; answered++)
        {
            await AreAskedAsync(1, orMore: true);
            var one = Next();
            one.Answer.SetResult(StatusOf(one.Application));
        }

        var result = await survey.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(52, result.Applications.Count);
        Assert.Empty(result.Complaints);
    }

    [Fact]
    public async Task ThoseOfAUserWhoDoNotAnswer_HaveTogetherAsLongAsOne()
    {
        var survey = AskAsync(Of(null, 0, 1), Of("anna", 1000, 10));
        await AreAskedAsync(1 + Survey.AtOnceOfOneUser);
        var own = Next();
        _time.Advance(8);
        own.Answer.SetResult(StatusOf(own.Application));
        var result = await survey.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal("app00", Assert.Single(result.Applications).FullName);
        Assert.Equal(10, result.Complaints.Count);
        Assert.All(result.Complaints, static complaint => Assert.EndsWith("anna's applications do not answer within 8 s.", complaint, StringComparison.Ordinal));
    }

    [Fact]
    public async Task OneThatHasJustEnded_IsNoFault_AndOneThatCannotBeAskedIs()
    {
        var survey = AskAsync(Of(null, 0, 1), Of("anna", 1000, 1));
        await AreAskedAsync(2);
        Next().Answer.SetException(new CommandException(ExitCodes.NotRunning, "it has just ended."));
        Next().Answer.SetException(new CommandException(ExitCodes.Failed, "it says nonsense."));
        var result = await survey.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(["anna/app00: it says nonsense."], result.Complaints);
        Assert.Empty(result.Applications);
    }

    private Task<Survey> AskAsync(IReadOnlyList<RunningApplication> own, IReadOnlyList<RunningApplication> others) => Survey.AskAsync(own, others, AnswerAsync, _time, CancellationToken.None);

    private Task<ApplicationStatus> AnswerAsync(RunningApplication application, CancellationToken cancellation)
    {
        var answer = new TaskCompletionSource<ApplicationStatus>(TaskCreationOptions.RunContinuationsAsynchronously);
        _asked.Enqueue((application, answer));
        return answer.Task.WaitAsync(cancellation);
    }

    /// <summary>What was answered goes on in other threads; nothing tells when all of them have come to rest.</summary>
    private async Task AreAskedAsync(int count, bool orMore = false)
    {
        var patience = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            var now = _asked.Count;
            Assert.True(orMore || now <= count, $"{now} are asked at once.");
            if (now >= count)
            {
                return;
            }

            Assert.True(patience.Elapsed < TimeSpan.FromSeconds(20), $"{now} of {count} were asked.");
            await Task.Yield();
        }
    }

    private (RunningApplication Application, TaskCompletionSource<ApplicationStatus> Answer) Next() => _asked.TryDequeue(out var next) ? next : throw new InvalidOperationException("None is asked.");

    private static List<RunningApplication> Of(string? user, uint owner, int count)
        => [.. Enumerable.Range(0, count).Select(number => new RunningApplication($"app{number:00}", $"/run/{user}/app{number:00}.sock", owner, user))];

    private static ApplicationStatus StatusOf(RunningApplication application)
        => new(application.Name, 7, null, null, new SupervisorStatus(SupervisorState.Healthy, 1, 1, "app", null, DateTimeOffset.UnixEpoch, 0, [], []), null) { User = application.User };
}
