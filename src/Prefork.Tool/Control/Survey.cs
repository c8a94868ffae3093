namespace Prefork.Tool.Control;

/// <summary>
/// How all applications are that run. Another user may have as many as he likes, which say what they like, or nothing: of each user some are asked, few at once,
/// and all of them have as long as one.
/// </summary>
/// <param name="Applications">Those that answered, in the order in which they were named.</param>
/// <param name="Complaints">Those that did not, and those that were not asked.</param>
internal sealed record Survey(IReadOnlyList<ApplicationStatus> Applications, IReadOnlyList<string> Complaints)
{
    internal const int MostOfOneUser = 32;
    internal const int AtOnceOfOneUser = 2;
    internal const int UsersAtOnce = 4;
    private const int OwnAtOnce = 16;

    /// <param name="own">This user's.</param>
    /// <param name="others">Other users', each user's together.</param>
    /// <param name="ask">Asks one.</param>
    /// <param name="time">For the patience with a user.</param>
    /// <param name="cancellation">Ends it.</param>
    internal static async Task<Survey> AskAsync(
        IReadOnlyList<RunningApplication> own, IReadOnlyList<RunningApplication> others, Func<RunningApplication, CancellationToken, Task<ApplicationStatus>> ask, TimeProvider time, CancellationToken cancellation)
    {
        using var users = new SemaphoreSlim(UsersAtOnce);
        List<Task<Survey>> asked = [AskEachAsync(own, OwnAtOnce, ask, cancellation, cancellation), .. others.GroupBy(static one => one.Owner).Select(theirs => AskUserAsync([.. theirs], users, ask, time, cancellation))];
        var answers = await Task.WhenAll(asked);
        return new Survey([.. answers.SelectMany(static survey => survey.Applications)], [.. answers.SelectMany(static survey => survey.Complaints)]);
    }

    private static async Task<Survey> AskUserAsync(
        IReadOnlyList<RunningApplication> theirs, SemaphoreSlim users, Func<RunningApplication, CancellationToken, Task<ApplicationStatus>> ask, TimeProvider time, CancellationToken cancellation)
    {
        await users.WaitAsync(cancellation);
        try
        {
            using var patience = new CancellationTokenSource(ControlClient.Patience, time);
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation, patience.Token);
            var survey = await AskEachAsync([.. theirs.Take(MostOfOneUser)], AtOnceOfOneUser, ask, deadline.Token, cancellation);
            return theirs.Count <= MostOfOneUser ? survey
                : survey with { Complaints = [.. survey.Complaints, $"{theirs[0].User} has {theirs.Count - MostOfOneUser} more: {MostOfOneUser} of one user are asked. 'prefork describe {theirs[0].User}/NAME' asks one."] };
        }
        finally
        {
            users.Release();
        }
    }

    private static async Task<Survey> AskEachAsync(
        IReadOnlyList<RunningApplication> applications, int atOnce, Func<RunningApplication, CancellationToken, Task<ApplicationStatus>> ask, CancellationToken deadline, CancellationToken cancellation)
    {
        using var gate = new SemaphoreSlim(atOnce);
        var asked = applications.Select(application => AskOneAsync(application, gate, ask, deadline, cancellation)).ToList();
        var answers = await Task.WhenAll(asked);
        return new Survey([.. answers.Select(static answer => answer.Status).OfType<ApplicationStatus>()], [.. answers.Select(static answer => answer.Complaint).OfType<string>()]);
    }

    /// <summary>Neither for one that comes or goes just now.</summary>
    private static async Task<(ApplicationStatus? Status, string? Complaint)> AskOneAsync(
        RunningApplication application, SemaphoreSlim gate, Func<RunningApplication, CancellationToken, Task<ApplicationStatus>> ask, CancellationToken deadline, CancellationToken cancellation)
    {
        try
        {
            await gate.WaitAsync(deadline);
            try
            {
                return (await ask(application, deadline), null);
            }
            finally
            {
                gate.Release();
            }
        }
        catch (CommandException exception)
        {
            return (null, exception.ExitCode == ExitCodes.NotRunning ? null : $"{application.FullName}: {exception.Message}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (null, $"{application.FullName}: {application.User}'s applications do not answer within {ControlClient.Patience.TotalSeconds:0} s.");
        }
    }
}
