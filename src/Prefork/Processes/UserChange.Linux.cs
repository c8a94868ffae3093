using System.Globalization;
using Prefork.Native;

namespace Prefork.Processes;

/// <summary>
/// Another user for the child. posix_spawn cannot change it, and fork(2) is closed to .NET, so util-linux's setpriv does,
/// which then becomes the program: same process, same descriptors.
/// </summary>
internal static class UserChange
{
    /// <exception cref="UnauthorizedAccessException">Another user is wanted, and not permitted.</exception>
    internal static void ThrowUnlessPermitted(string program, int? userId, int? groupId)
    {
        if ((userId is not null || groupId is not null) && Libc.GetEffectiveUserId() != 0)
        {
            throw new UnauthorizedAccessException($"Could not start {program} as user {userId}, group {groupId}: only root may change them (EPERM).");
        }
    }

    /// <exception cref="FileNotFoundException">There is no setpriv.</exception>
    internal static ProgramCommand Wrap(ProgramCommand command, int? userId, int? groupId)
    {
        if (userId is null && groupId is null)
        {
            return command;
        }

        var setpriv = ProgramCommand.FindInPath("setpriv")
            ?? throw new FileNotFoundException("UserId and GroupId need 'setpriv' (package util-linux), and there is none in PATH.", "setpriv");
        List<string> arguments = [];
        if (userId is { } user)
        {
            arguments.Add($"--reuid={user.ToString(CultureInfo.InvariantCulture)}");
        }

        if (groupId is { } group)
        {
            arguments.Add($"--regid={group.ToString(CultureInfo.InvariantCulture)}");
        }

        return new ProgramCommand(setpriv, [.. arguments, "--clear-groups", "--", command.File, .. command.Arguments]);
    }
}
